"""Connecting a model on one page: it is asked first, and kept when it answers."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models_registry.models import LanguageModel, ModelEndpoint
from tests.fake_provider import FakeProvider, Reply, answer, strict

KEY = "sk-right-0123456789"
NAMES = ["llama2:7b-chat", "llama2:13b-chat", "gpt-4"]


@pytest.fixture
def server():
    with FakeProvider(strict(KEY, *NAMES)) as running:
        running.models = NAMES
        yield running


@pytest.fixture
def connect(client, alice, server):
    """Send the page's form with what is right, but for `changes`."""
    client.force_login(alice)

    def send(**changes):
        right = {
            "base_url": server.base_url,
            "api_key": KEY,
            "kind": "openai_chat",
            "remote_name": "gpt-4",
            "do": "test",
        }
        return client.post("/models/new/", {**right, **changes})

    return send


@pytest.fixture
def self_signed(tmp_path):
    """The port of a server whose certificate nobody vouches for."""
    chain = tmp_path / "chain.pem"
    chain.write_bytes(_certificate())
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *args: None
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_another_model_of_an_endpoint_begins_there(connect, client):
    connect()
    model, endpoint = LanguageModel.objects.get(), ModelEndpoint.objects.get()
    link = f"/models/new/?endpoint={endpoint.slug}"
    assert link in client.get(f"/models/{model}/").content.decode()
    assert f'value="{endpoint.slug}" selected' in client.get(link).content.decode()
    assert client.get("/models/new/?endpoint=nobody").status_code == 200


def test_a_model_that_answers_is_kept_with_its_endpoint_and_key(client, connect):
    answered = connect()
    model = LanguageModel.objects.get()
    assert answered["Location"] == f"/models/{model}/"
    assert (str(model), model.name, model.endpoint.base_url[-3:]) == ("gpt-4@1", "gpt-4", "/v1")
    assert model.endpoint.key_hint == "…6789"
    assert "it answered: “echo: Answer with the single word: ready”" in (
        client.get(answered["Location"]).content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "said", "offered"),
    [
        ({"api_key": "sk-wrong"}, "The address is right, the key is not", ""),
        ({"api_key": ""}, "It wants an API key", ""),
        ({"remote_name": "llama2-7b"}, "there is no model of this name", 'value="llama2:7b-chat"'),
        ({"base_url": "http://127.0.0.1:{port}"}, "but something does at", "127.0.0.1:{port}/v1"),
        ({"base_url": "http://127.0.0.1:{port}/api"}, "something does at", ":{port}/v1"),
        ({"base_url": "https://127.0.0.1:{port}/v1"}, "does not speak TLS", ""),
        ({"base_url": "http://127.0.0.1:{free}/v1"}, "Nothing listens at 127.0.0.1", ""),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_kept(connect, server, changes, said, offered):
    port, free = server.base_url.split(":")[2].removesuffix("/v1"), _free_port()
    changes = {name: value.format(port=port, free=free) for name, value in changes.items()}
    answered = connect(**changes)
    text = answered.content.decode()
    assert answered.status_code == 200
    assert said in text
    assert offered.format(port=port) in text
    assert not LanguageModel.objects.exists()
    assert not ModelEndpoint.objects.exists()
    assert KEY not in text


def test_a_name_that_cannot_be_resolved_is_told_apart(connect, settings):
    settings.ENDPOINT_PRIVATE_HOSTS = ["models.invalid"]
    assert (
        "Look for a slip of the pen"
        in connect(base_url="http://models.invalid/v1").content.decode()
    )


def test_a_certificate_nobody_trusts_is_named(connect, self_signed):
    said = connect(base_url=f"https://127.0.0.1:{self_signed}/v1").content.decode()
    assert "The TLS certificate of 127.0.0.1 is not trusted: self-signed certificate" in said


def test_a_web_page_is_not_taken_for_an_interface(connect, server):
    server.script = lambda call: Reply(raw=b"<!doctype html><p>Welcome")
    said = connect().content.decode()
    assert "It looks like a web page" in said
    assert "Is this the address of an OpenAI-compatible interface" in said


def test_the_address_and_the_name_that_were_found_can_be_used_at_once(connect, server):
    bare = server.base_url.removesuffix("/v1")
    connect(base_url=bare, use_base_url=server.base_url, do="")
    connect(remote_name="llama2", use_remote_name="llama2:13b-chat", do="")
    assert [str(one) for one in LanguageModel.objects.order_by("pk")] == [
        "gpt-4@1",
        "llama2-13b-chat@1",
    ]


def test_it_can_be_kept_without_a_test(client, connect, server):
    answered = connect(do="keep")
    assert server.calls == []
    assert "Connected, but not tested" in client.get(answered["Location"]).content.decode()


def test_a_field_that_is_wrong_is_said_before_anything_is_asked(connect, server):
    answered = connect(more_settings="{", remote_name="")
    assert answered.status_code == 400
    assert "This is not JSON" in answered.content.decode()
    assert server.calls == []


def test_a_taken_name_is_said_before_anything_is_asked(connect, server):
    connect()
    asked = len(server.calls)
    answered = connect()
    assert answered.status_code == 400
    assert "already" in answered.content.decode()
    assert len(server.calls) == asked


def test_an_endpoint_that_lists_no_models_gets_the_usual_advice(connect, server):
    server.models = []
    said = connect(remote_name="nobody").content.decode()
    assert "Compare the base URL with the provider" in said
    assert "It has these" not in said


def test_a_hostile_list_of_models_harms_nobody(connect, server):
    server.models = ["<script>alert(1)</script>", "x" * 5000, "\u202egpt", "gpt-4o"]
    said = connect(remote_name="gpt-4x").content.decode()
    assert "<script>alert" not in said
    assert "x" * 300 not in said


def test_the_test_of_a_kept_model_leads_to_what_has_to_be_mended(client, connect, server):
    connect(base_url=server.base_url.removesuffix("/v1"), do="keep")
    said = client.post("/models/gpt-4@1/test/", {"prompt": "Ready?"})
    edit = f"/endpoints/{ModelEndpoint.objects.get().slug}/edit/?model=gpt-4%401"
    assert edit in said.content.decode()
    page = client.get(f"{edit}&base_url={server.base_url}")
    form = page.context["form"]
    assert form["base_url"].value() == server.base_url
    sent = {one.name: one.value() or "" for one in form}
    assert client.post(edit, sent)["Location"] == "/models/gpt-4@1/"
    assert client.post("/models/gpt-4@1/test/", {}).context["probe"].result.text


def test_an_answer_without_text_is_kept_and_said(client, connect, server):
    server.script = lambda call: Reply(answer(""))
    answered = connect()
    assert "answered without a text" in client.get(answered["Location"]).content.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
