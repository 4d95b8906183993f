"""What a newcomer gets wrong, tried against little servers: each is told what it is and what to do.

The page says it in words, the API tells the same, and what can be corrected is offered to be used.
"""

import html
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

from models_registry.models import LanguageModel
from models_registry.services.endpoints import probe_model
from tests.fake_provider import FakeProvider, Reply, answer, strict
from tests.faults.lab.certificates import make_certificates

KEY = "sk-right-0123456789"
NAMES = ["llama2:7b-chat", "gpt-4"]
OPENAI, ANTHROPIC = "openai_chat", "anthropic_messages"


@pytest.fixture
def server():
    with FakeProvider(strict(KEY, *NAMES)) as running:
        running.models = NAMES
        yield running


@pytest.fixture
def anthropic():
    """Answers Anthropic's way at /v1/messages, to its own header only."""

    def script(call):
        if call.path != "/v1/messages":
            return Reply({"type": "error", "error": {"type": "not_found_error"}}, status=404)
        if call.headers.get("X-Api-Key") != KEY:
            return Reply({"type": "error", "error": {"type": "authentication_error"}}, status=401)
        content = [{"type": "text", "text": "ready"}]
        return Reply({"id": "m", "model": "claude", "content": content, "stop_reason": "end_turn"})

    with FakeProvider(script) as running:
        yield running


@pytest.fixture
def told(client, alice):
    """Send the page's form, and return its text; nothing may be kept of what does not answer."""
    client.force_login(alice)

    def send(base_url, **changes):
        right = {"api_key": KEY, "kind": OPENAI, "remote_name": "gpt-4", "do": "test"}
        answered = client.post("/models/new/", {**right, "base_url": base_url, **changes})
        assert not LanguageModel.objects.exists()
        said = answered.content.decode()
        assert KEY not in said
        return said

    return send


@contextmanager
def answering(greeting: bytes):
    """A service that says something of its own to whoever comes, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.1)
                with suppress(TimeoutError):  # what is left unread would cost the answer
                    while connection.recv(4096):
                        pass
                connection.sendall(greeting)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nothing_listens(told):
    port = free_port()
    said = told(f"http://127.0.0.1:{port}/v1")
    assert f"Nothing listens at 127.0.0.1:{port}" in said
    assert "Start the server, or correct the port" in said


def test_a_usual_server_is_named_with_how_to_start_it(told):
    try:
        socket.create_connection(("127.0.0.1", 11434), 1).close()
    except OSError:
        assert "that of Ollama, started with ollama serve" in told("http://127.0.0.1:11434/v1")
    else:
        pytest.skip("Ollama runs here")


def test_https_at_a_plain_server(told, server):
    said = told(f"https://127.0.0.1:{server.port}/v1")
    assert "does not speak TLS" in said
    assert f'value="http://127.0.0.1:{server.port}/v1"' in said
    assert [call.headers.get("Authorization") for call in server.calls] == [None]


def test_http_at_a_server_that_wants_tls(told, server, tmp_path):
    server.use_tls(make_certificates(tmp_path / "certificates", "localhost").genuine)
    said = told(f"http://127.0.0.1:{server.port}/v1")
    assert "or its address begins with https://" in said
    assert f'value="https://127.0.0.1:{server.port}/v1"' in said


def test_http_at_a_server_that_says_that_it_wants_tls(told, server):
    server.script = lambda call: Reply(
        raw=b"The plain HTTP request was sent to HTTPS port", status=400
    )
    said = told(f"http://127.0.0.1:{server.port}/v1")
    assert "sent to HTTPS port" in said
    assert "Use https://" not in said  # nothing speaks TLS there: it is not claimed


def test_v1_is_forgotten(told, server):
    said = told(f"http://127.0.0.1:{server.port}")
    assert f"something does at http://127.0.0.1:{server.port}/v1" in said
    assert f'value="http://127.0.0.1:{server.port}/v1"' in said


@pytest.mark.parametrize("call", ["/chat/completions", "/messages", "/chat/completions/"])
def test_a_whole_calls_address_is_pasted(told, server, call):
    said = told(f"{server.base_url}{call}")
    assert f"at its end: {server.base_url}" in said
    assert server.calls == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"base_url": "127.0.0.1:8000/v1"}, "perhaps http://127.0.0.1:8000/v1"),
        ({"base_url": "api.openai.com/v1"}, "perhaps https://api.openai.com/v1"),
        ({"base_url": "http:/127.0.0.1:8000/v1"}, "two slashes and then the host follow"),
        ({"base_url": "http://0.0.0.0:8000/v1"}, "to call it, write 127.0.0.1"),
        ({"base_url": "http://::1:8000/v1"}, "write it in brackets"),
        ({"base_url": "http://127.0.0.1:80000/v1"}, "must be a number from 1 to 65535"),
        (
            {"base_url": "https://a.example/v1/chat/completions?v=1"},
            "(#): https://a.example/v1/chat",
        ),
        ({"api_key": "$OPENAI_API_KEY"}, "the name of a variable"),
        ({"api_key": "sk-…6789"}, "This key was shortened"),
        ({"api_key": "YOUR_API_KEY"}, "paste your own"),
        ({"api_key": "https://api.openai.com/v1"}, "This is an address, not a key"),
        ({"api_key": "two words"}, "one line of at most 500 ASCII characters"),
    ],
)
def test_what_can_be_seen_without_a_call_is_said_with_what_to_write(told, server, sent, said):
    assert said in html.unescape(told(sent.pop("base_url", server.base_url), **sent))
    assert server.calls == []


@pytest.mark.parametrize(
    ("base_url", "api_key"),
    [
        ('"{url}"', f'"{KEY}"'),
        ("{url},", f"Bearer {KEY}"),
        ("\u200b{url}", f"{KEY[:5]}\u200b{KEY[5:]}"),
        ("OPENAI_BASE_URL={url}", f"OPENAI_API_KEY={KEY}"),
        ('export OPENAI_BASE_URL="{url}"', f'export OPENAI_API_KEY="{KEY}"'),
        ('curl {url} -H "Authorization: Bearer sk-x"', f'-H "Authorization: Bearer {KEY}"'),
        ('base_url="{url}",', f'api_key="{KEY}",'),
    ],
)
def test_what_was_pasted_with_an_address_or_a_key_is_left_out(
    client, alice, server, base_url, api_key
):
    client.force_login(alice)
    sent = {"base_url": base_url.format(url=server.base_url), "api_key": api_key}
    client.post("/models/new/", {**sent, "kind": OPENAI, "remote_name": "gpt-4", "do": "test"})
    assert LanguageModel.objects.get().endpoint.base_url == server.base_url
    assert server.calls[0].headers["Authorization"] == f"Bearer {KEY}"


def test_of_two_addresses_none_is_chosen(told, server):
    assert "without spaces" in told(f"{server.base_url} http://127.0.0.1:9/v1")


def test_spaces_around_what_is_pasted_do_no_harm(client, alice, server):
    client.force_login(alice)
    sent = {"base_url": f"  {server.base_url} ", "api_key": f"{KEY} \n", "remote_name": " gpt-4 "}
    client.post("/models/new/", {**sent, "kind": OPENAI, "do": "test"})
    assert LanguageModel.objects.get().remote_name == "gpt-4"
    assert server.calls[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_wrong_key(told, server):
    said = told(server.base_url, api_key="sk-other-0123456789")
    assert "The address is right, the key is not" in said
    assert "Incorrect API key provided" in said


def test_a_key_of_another_vendor_is_told_whose_it_is(told, server):
    assert "This is a key of Anthropic" in told(server.base_url, api_key="sk-ant-api03-0123456789")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"<html>Proxy", status=407, headers={"Proxy-Authenticate": "Basic"}),
        Reply(raw=b"<!doctype html><title>Sign in</title>", status=401),
        Reply(raw=b"<html><title>Just a moment...</title>", status=403),
        Reply(raw=b"", status=302, headers={"Location": "https://login.example/sso?next=/v1"}),
    ],
)
def test_what_wants_people_to_sign_in_is_no_refused_key(told, server, reply):
    server.script = lambda call: reply
    said = told(server.base_url)
    assert "A proxy or a page that wants people to sign in" in said
    assert "the key is not" not in said


@pytest.mark.parametrize(
    ("refused", "setting", "said"),
    [
        ("max_tokens", {"max_tokens": 9}, "max_completion_tokens is sent instead"),
        ("temperature", {"temperature": 0.5}, "It takes no temperature: it is left out"),
    ],
)
def test_a_setting_that_a_model_does_not_take_is_no_obstacle(
    client, alice, server, refused, setting, said
):
    def script(call):
        told = {"message": f"Unsupported parameter: '{refused}'", "code": "unsupported_parameter"}
        return Reply({"error": told}, status=400) if refused in call.body else Reply(answer("Hi"))

    server.script = script
    client.force_login(alice)
    sent = {"base_url": server.base_url, "api_key": KEY, "remote_name": "gpt-4", **setting}
    kept = client.post("/models/new/", {**sent, "kind": OPENAI, "do": "test"}, follow=True)
    assert said in kept.content.decode()
    assert len(server.calls) == 2
    shown = client.post("/models/gpt-4@1/test/", {"prompt": "Ready?"})
    assert said in shown.content.decode()


@pytest.fixture
def tiny(server):
    """Whatever is asked for, it answers as the one model it has, as llama.cpp does."""
    server.script = lambda call: Reply(answer("ready", model="tiny"))
    return server


def test_a_model_that_answers_as_another_one_is_not_kept_unawares(told, tiny):
    said = told(tiny.base_url)
    assert "It answers, but as tiny" in said
    assert 'name="use_remote_name" value="tiny"' in said
    assert 'name="accept_name" value="tiny"' in said
    assert "It answers, but as tiny" in told(tiny.base_url, accept_name="another", do="")


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({"use_remote_name": "tiny"}, ("tiny", [])),
        ({"accept_name": "tiny"}, ("gpt-4", ["tiny"])),
    ],
)
def test_its_name_can_be_used_or_accepted(client, alice, tiny, chosen, kept):
    client.force_login(alice)
    sent = {"base_url": tiny.base_url, "remote_name": "gpt-4", "kind": OPENAI}
    client.post("/models/new/", {**sent, **chosen})
    model = LanguageModel.objects.get()
    assert (model.remote_name, model.accepted_names) == kept


def test_the_api_and_the_page_of_a_kept_model_say_so_too(client, client_of, alice, model, provider):
    provider.script = lambda call: Reply(answer("ready", model="tiny"))
    told = client_of(alice).post(f"/api/v1/models/{model.slug}/probe/", {}, format="json").json()
    assert (told["text"], told["answered_as"]) == ("ready", "tiny")
    assert "It answers, but as tiny" in told["advice"]
    client.force_login(alice)
    said = client.post(f"/models/{model}/test/", {"prompt": "Ready?"}).content.decode()
    assert "It answers, but as tiny" in said


def test_a_wrong_name_is_answered_with_those_there_are(told, server):
    said = told(server.base_url, remote_name="llama2-7b")
    assert "there is no model of this name" in said
    assert 'value="llama2:7b-chat"' in said


def test_a_web_page(told, tmp_path):
    (tmp_path / "index.html").write_text("<!doctype html><p>Welcome")
    pages = HTTPServer(("127.0.0.1", 0), lambda *given: Pages(*given, directory=str(tmp_path)))
    threading.Thread(target=pages.serve_forever, args=[0.02], daemon=True).start()
    try:
        said = told(f"http://127.0.0.1:{pages.server_port}")
    finally:
        pages.shutdown()
        pages.server_close()
    assert "It looks like a web page" in said
    assert "Is this the address of an OpenAI-compatible interface" in said


class Pages(SimpleHTTPRequestHandler):
    """Shows the same page whatever is asked, as sites do that are one script."""

    def do_POST(self) -> None:
        self.path = "/index.html"
        self.do_GET()

    def log_message(self, *args) -> None:
        """Quiet."""


def test_a_redirect_is_told_with_where_it_leads(told, server):
    to = "https://api.example/v1/chat/completions"
    server.script = lambda call: Reply({}, status=308, headers={"Location": to})
    said = told(server.base_url)
    assert f"It leads to {to}" in said
    assert "Enter the address it redirects to" in said


@pytest.mark.parametrize(
    "greeting",
    [b"\x15\x03\x01\r\n\r\n", b"-ERR unknown command\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b""],
)
def test_another_service_has_the_port(told, greeting):
    with answering(greeting) as port:
        said = told(f"http://127.0.0.1:{port}/v1")
    assert "another service" in said
    assert "orrect the port" in said or ", and the port" in said
    assert f'value="https://127.0.0.1:{port}' not in said


def test_a_name_that_does_not_resolve(told, settings):
    settings.ENDPOINT_PRIVATE_HOSTS = ["vllm.invalid"]
    said = told("http://vllm.invalid:8000/v1")
    assert "vllm.invalid cannot be resolved" in said
    assert "Look for a slip of the pen" in said


@pytest.mark.parametrize("remote_name", ["claude", "gpt-4"])
def test_an_anthropic_server_taken_for_an_openai_one(told, anthropic, remote_name):
    said = told(anthropic.base_url, remote_name=remote_name)
    assert "This address speaks Anthropic messages" in said
    assert f'name="use_kind" value="{ANTHROPIC}"' in said


def test_an_openai_server_taken_for_an_anthropic_one(told, server):
    said = told(server.base_url, kind=ANTHROPIC, max_tokens=9)
    assert "This address speaks OpenAI-compatible chat completions" in said
    assert f'name="use_kind" value="{OPENAI}"' in said


def test_what_was_found_is_used_at_once(client, alice, anthropic):
    client.force_login(alice)
    sent = {"base_url": anthropic.base_url, "api_key": KEY, "remote_name": "claude"}
    client.post("/models/new/", {**sent, "kind": OPENAI, "max_tokens": 9, "use_kind": ANTHROPIC})
    assert LanguageModel.objects.get().endpoint.kind == ANTHROPIC


def test_the_api_tells_the_same(model, provider, client_of, alice):
    provider.script = lambda call: Reply({"error": {"message": "no such model"}}, status=404)
    provider.models = NAMES
    told = client_of(alice).post(f"/api/v1/models/{model.slug}/probe/", {}, format="json").json()
    assert set(told["names"]) == {*NAMES}
    assert "there is no model of this name" in told["advice"]
    assert probe_model(language_model=model).error == told["error"] == "not_found"
    provider.script = lambda call: Reply({"choices": [{"message": {"content": "Hi"}}]})
    told = client_of(alice).post(f"/api/v1/models/{model.slug}/probe/", {}, format="json").json()
    assert (told["text"], told["advice"], told["names"]) == ("Hi", "", [])


def test_a_kept_model_of_the_wrong_kind_is_told_so_and_leads_to_a_new_one(client, alice, anthropic):
    client.force_login(alice)
    sent = {"base_url": anthropic.base_url, "api_key": KEY, "remote_name": "claude"}
    client.post("/models/new/", {**sent, "kind": OPENAI, "do": "keep"})
    said = client.post("/models/claude@1/test/", {"prompt": "Ready?"}).content.decode()
    assert "This address speaks Anthropic messages" in said
    assert 'href="/models/new/">Connect it anew' in said
