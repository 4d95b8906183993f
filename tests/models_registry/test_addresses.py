"""What an endpoint may not be: no URL of these leads to a connection."""

import asyncio
import socket
import threading
from functools import partial

import pytest

from models_registry.providers import base
from models_registry.providers.addresses import BadUrl, address_problem, parse_base_url
from models_registry.providers.http import MANY, make_client, post_json
from tests.fake_provider import Reply
from tests.transports import Answering, reply

REFUSED = """
http://example.com/v1
http://8.8.8.8/v1
ftp://example.com
file:///etc/passwd
gopher://example.com:70/_x
dict://127.0.0.1:11211/
ldap://example.com
jar:https://example.com!/
data:text/plain,x
javascript:alert(1)
//example.com/v1
example.com/v1
https:/example.com
https:example.com
https://
https:///v1
https://:443/v1
https://user@example.com/v1
https://user:pass@example.com/v1
https://example.com@127.0.0.1/v1
https://127.0.0.1@example.com/v1
https://example.com:80@127.0.0.1/
https://example.com\\@127.0.0.1/
https://example.com\\.evil.example/
https://example.com/v1?x=1
https://example.com/v1?
https://example.com/v1#x
https://example.com/v1#
https://example.com#@127.0.0.1/
https://example.com/v1/chat/completions
https://example.com/v1/chat/completions/
https://example.com/v1/messages
https://example.com/v1/completions
https://example.com/v1/responses
https://example.com/../admin
https://example.com/v1/./x
https://example.com//v1
https://example.com/v1//x
https://example.com/%2e%2e/x
https://example.com/v%31
https://example.com/a;b
https://example.com/a b
https://example.com /v1
https://exam ple.com/v1
https://example.com./v1
https://localhost./v1
https://.example.com/
https://example..com/
https://-example.com/
https://example-.com/
https://exa_mple.com/
https://example.com:0/v1
https://example.com:/v1
https://example.com:65536/v1
https://example.com:-1/v1
https://example.com:abc/v1
https://example.com:80:80/v1
https://127.0.0.1/v1
https://127.0.0.1:8443/v1
https://127.1/v1
https://127.0.1/v1
https://0x7f000001/v1
https://0x7f.0.0.1/v1
https://0x7f.1/v1
https://2130706433/v1
https://017700000001/v1
https://0177.0.0.1/v1
https://127.0.0.01/v1
https://127.000.000.001/v1
https://127.0.0.1.0/v1
https://0/v1
https://0.0.0.0/v1
https://0x0/v1
https://10.0.0.1/v1
https://10.255.255.255/v1
https://172.16.0.1/v1
https://172.31.255.255/v1
https://192.168.0.1/v1
https://192.168.1.255/v1
https://169.254.169.254/latest/meta-data
https://169.254.0.1/v1
https://100.64.0.1/v1
https://100.100.100.200/latest/meta-data
https://100.127.255.255/v1
https://192.0.0.1/v1
https://192.0.0.192/v1
https://168.63.129.16/v1
https://192.0.2.1/v1
https://192.88.99.1/v1
https://198.18.0.1/v1
https://198.51.100.1/v1
https://203.0.113.1/v1
https://224.0.0.1/v1
https://239.255.255.255/v1
https://240.0.0.1/v1
https://255.255.255.255/v1
https://[::1]/v1
https://[::]/v1
https://[::ffff:127.0.0.1]/v1
https://[::ffff:7f00:1]/v1
https://[::ffff:10.0.0.1]/v1
https://[::ffff:192.0.0.192]/v1
https://[::ffff:0:127.0.0.1]/v1
https://[3fff::1]/v1
https://[64:ff9b::a9fe:a9fe]/v1
https://[::ffff:169.254.169.254]/v1
https://[0:0:0:0:0:ffff:127.0.0.1]/v1
https://[::127.0.0.1]/v1
https://[::7f00:1]/v1
https://[64:ff9b::7f00:1]/v1
https://[64:ff9b::127.0.0.1]/v1
https://[64:ff9b:1::1]/v1
https://[2002:7f00:1::]/v1
https://[2002:a00:1::1]/v1
https://[2001::1]/v1
https://[2001:0:7f00:1::]/v1
https://[2001:db8::1]/v1
https://[fc00::1]/v1
https://[fd00:ec2::254]/v1
https://[fe80::1]/v1
https://[fe80::1%25eth0]/v1
https://[fe80::1%eth0]/v1
https://[fec0::1]/v1
https://[ff02::1]/v1
https://[100::1]/v1
https://[::1/v1
https://[example.com]/v1
https://[127.0.0.1]/v1
https://localhost/v1
https://LOCALHOST/v1
https://intranet/v1
https://metadata/v1
https://metadata/computeMetadata/v1
https://redis:6379/
https://ex\u0430mple.com/v1
https://example\u3002com/v1
https://\u2460\u2461\u2466.0.0.1/v1
https://127\uff0e0.0.1/v1
https://example.com/v1\u00e9
""".strip().splitlines()
CONTROLS = [
    "https://example.com/v1\n",
    "https://exa\tmple.com",
    "https://example.com\r\nX: y",
    "\x00",
]


@pytest.mark.parametrize("url", [*REFUSED, *CONTROLS, "", "https://" + "a" * 600 + ".com"])
def test_refuses(url):
    with pytest.raises(BadUrl):
        parse_base_url(url)


@pytest.mark.parametrize(
    ("url", "kept", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1", "https://api.openai.com:443"),
        ("https://API.OpenAI.com:443/v1/", "https://api.openai.com/v1", None),
        ("HTTPS://api.example.com", "https://api.example.com", None),
        ("https://xn--bcher-kva.example:8443/a/b", "https://xn--bcher-kva.example:8443/a/b", None),
        ("https://8.8.8.8/v1", "https://8.8.8.8/v1", None),
        (
            "https://[2606:4700:4700::1111]/v1",
            "https://[2606:4700:4700::1111]/v1",
            "https://[2606:4700:4700::1111]:443",
        ),
    ],
)
def test_takes_public_https(url, kept, origin):
    parsed = parse_base_url(url)
    assert str(parsed) == kept
    assert origin in {None, parsed.origin}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/v1", "http://localhost:11434/v1", "https://vllm/v1", "http://[::1]:1/"],
)
def test_takes_private_hosts_only_where_the_operator_lists_them(url):
    with pytest.raises(BadUrl):
        parse_base_url(url)
    assert parse_base_url(url, private_hosts=["127.0.0.1", "LOCALHOST", "vllm", "::1"])
    with pytest.raises(BadUrl):
        parse_base_url(url, private_hosts=["10.0.0.1", "localhost.example"])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_called(address):
    assert address_problem(address) == ""


@pytest.fixture
def listener():
    """A socket on loopback, and how often somebody connected to it."""
    server = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            accepted.append(1)
            connection.close()

    thread = threading.Thread(target=accept)
    thread.start()
    yield server.getsockname()[1], accepted
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.fixture(params=[1, MANY + 1], ids=["httpx", "aiohttp"])
def call(request):
    return partial(call_with, in_flight=request.param)


def call_with(url, addresses, private_hosts=(), *, in_flight):
    """Call `url` with a resolver that returns one list of addresses after the other."""
    asked = []

    async def resolver(host, port):
        asked.append(host)
        return addresses[min(len(asked), len(addresses)) - 1]

    async def run():
        async with make_client(
            base_url=url,
            headers={},
            private_hosts=private_hosts,
            in_flight=in_flight,
            resolver=resolver,
        ) as client:
            return await post_json(client, "x", {}, deadline=2)

    try:
        return asyncio.run(run()), asked
    except base.ProviderError as error:
        return error, asked


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["64:ff9b::7f00:1"],
        ["169.254.169.254"],
        ["192.0.0.192"],
        ["::ffff:a83f:8110"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
    ],
)
def test_a_name_that_leads_to_a_private_address_is_not_called(call, listener, addresses):
    port, accepted = listener
    error, _ = call(f"http://rebind.example:{port}/", [addresses])
    assert (error.kind, error.permanent, error.pauses) == ("address_refused", True, "endpoint")
    assert accepted == []


def test_the_checked_address_is_the_one_connected_to(listener):
    """A second lookup would lead to the listener; there is none."""
    port, accepted = listener

    async def run():
        answers = iter([["93.184.215.14"], ["127.0.0.1"]])
        reached = []

        def respond(request):
            reached.append((request.url, request.headers["Host"]))
            return reply(500, raw=b"")

        async def resolver(host, port):
            return next(answers)

        async with make_client(
            base_url=f"https://rebind.example:{port}/",
            headers={},
            private_hosts=[],
            transport=Answering(respond),
            resolver=resolver,
        ) as client:
            for _ in range(2):
                with pytest.raises(base.Unavailable):
                    await post_json(client, "x", {}, deadline=2)
        return reached

    assert asyncio.run(run()) == [(f"https://93.184.215.14:{port}/x", f"rebind.example:{port}")] * 2
    assert accepted == []


def test_a_listed_host_is_called(call, listener):
    port, accepted = listener
    error, _ = call(f"http://vllm:{port}/", [["127.0.0.1"]], private_hosts=["vllm"])
    assert error.kind == "connection"
    assert accepted == [1]


def test_where_nobody_listens_at_a_names_first_address_the_next_is_called(call, provider):
    """As with localhost, where a server listens at one of two."""
    addresses = [["127.0.0.2", "127.0.0.1"]]  # the server listens at the second only
    provider.script = lambda call: Reply({"ok": True})
    told, _ = call(f"http://vllm:{provider.port}/v1/", addresses, ["vllm"])
    assert told.body == {"ok": True}
    error, _ = call("http://vllm:9/v1/", addresses, ["vllm"])
    assert (error.kind, error.code) == ("connection", "refused")


async def ask_localhost(respond, *, times: int) -> None:
    """Ask a host that has two addresses, ::1 first."""

    async def resolver(host, port):
        return ["::1", "127.0.0.1"]

    client = make_client(
        base_url="http://localhost:8000/",
        headers={},
        private_hosts=["localhost"],
        transport=Answering(respond),
        resolver=resolver,
    )
    for _ in range(times):
        await post_json(client, "x", {}, deadline=2)


def test_an_address_that_answered_stays_the_first():
    asked = []

    def respond(outgoing):
        asked.append(outgoing.url)
        if "[::1]" in outgoing.url:
            raise base.CannotConnect("Nobody is there.", code="refused")
        return reply(200, {"ok": True})

    asyncio.run(ask_localhost(respond, times=2))
    assert [url.split("/")[2] for url in asked] == ["[::1]:8000", *["127.0.0.1:8000"] * 2]


def test_a_call_that_may_have_been_sent_is_not_sent_to_another_address():
    asked = []

    def respond(outgoing):
        asked.append(outgoing.url)
        raise base.CannotConnect("It was closed.", code="closed")

    with pytest.raises(base.CannotConnect):
        asyncio.run(ask_localhost(respond, times=1))
    assert len(asked) == 1


def test_proxies_of_the_environment_are_ignored(call, listener, monkeypatch):
    port, accepted = listener
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    error, _ = call("http://nowhere.example:9/", [["127.0.0.1"]])
    assert error.kind == "address_refused"
    error, _ = call("http://vllm:9/", [["127.0.0.1"]], private_hosts=["vllm"])
    assert error.kind == "connection"
    assert accepted == []


@pytest.mark.parametrize("in_flight", [1, MANY + 1])
def test_a_redirect_is_an_error_and_not_followed(in_flight, provider, listener):
    port, accepted = listener
    headers = {"Location": f"http://127.0.0.1:{port}/"}
    provider.script = lambda call: Reply({}, status=302, headers=headers)

    async def run():
        async with make_client(
            base_url=provider.base_url + "/",
            headers={},
            private_hosts=["127.0.0.1"],
            in_flight=in_flight,
        ) as client:
            with pytest.raises(base.Redirected):
                await post_json(client, "x", {"messages": [{"content": ""}]}, deadline=2)

    asyncio.run(run())
    assert accepted == []
