"""What the connection itself must refuse, against a server that writes raw bytes."""

import asyncio
from functools import partial

import pytest

from models_registry.providers import base
from models_registry.providers.exchange import MOST_BYTES, Outgoing
from models_registry.providers.failures import failed_connection
from models_registry.providers.http import MANY, make_client, post_json

KEY = "sk-canary-0123456789abcdefghijkl"


@pytest.fixture(params=[1, MANY + 1], ids=["httpx", "aiohttp"])
def failure(request):
    return partial(failure_of, in_flight=request.param)


def failure_of(
    *chunks, in_flight, deadline=5.0, pause=0.0, head="HTTP/1.1 200 OK\r\n\r\n"
) -> base.ProviderError:
    """Return what a call ends in whose answer is `head` and these chunks, over and over."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        try:
            writer.write(head.encode())
            while True:
                for chunk in chunks:
                    writer.write(chunk)
                    await writer.drain()
                    await asyncio.sleep(pause)
        except ConnectionError:
            pass  # the caller has had enough
        finally:
            writer.transport.abort()

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with (
            server,
            make_client(
                base_url=f"http://127.0.0.1:{port}/v1/",
                headers={"Authorization": f"Bearer {KEY}"},
                private_hosts=["127.0.0.1"],
                in_flight=in_flight,
            ) as client,
        ):
            await post_json(client, "chat/completions", {}, deadline=deadline)

    with pytest.raises(base.ProviderError) as error:
        asyncio.run(run())
    assert KEY not in str(error.value)
    return error.value


def test_stops_reading_past_the_cap(failure):
    error = failure(b" " * 65536)
    assert error.kind == "bad_reply"
    assert f"longer than {MOST_BYTES // 1024} KiB" in error.message


def test_refuses_a_compressed_body_unread(failure):
    error = failure(b"x", head="HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    assert (error.kind, "compressed" in error.message) == ("bad_reply", True)


def test_a_slow_body_ends_at_the_deadline(failure):
    assert failure(b" ", pause=0.02, deadline=0.2).kind == "timeout"


@pytest.mark.parametrize(
    "head",
    [
        f"HTTP/1.1 200 OK\r\nX: {KEY}\x00\r\n\r\n",
        "HTTP/1.1 two hundred\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nX: " + "x" * 200_000,
    ],
)
def test_what_is_no_http_can_be_tried_again(failure, head):
    error = failure(b"\r\n", head=head)
    assert (error.kind, error.permanent) == ("connection", False)


def test_a_connection_that_ends_without_a_word_tells_what_to_look_at():
    outgoing = Outgoing("GET", "https://127.0.0.1/v1", "127.0.0.1", 8902, {})
    told = failed_connection(OSError(), outgoing, says_nothing=OSError)
    assert told.code == "closed"
    assert "or its address begins with http://" in str(told)
