"""Reads to its end what a refused request sent, so that its connection can be used again (pure)."""

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
CHUNK = 64 * 1024


def reading_bodies_out(application: Application, *, most: int) -> Application:
    """Wrap a WSGI application: after it answered, read up to `most` bytes that it left unread.

    An HTTP/1.1 server has to drop a connection on which a body is still under way, and a client
    that sends its next request meanwhile, or is still sending, sees an error and no answer.
    Clients that ask first (`Expect: 100-continue`) send nothing once they are refused.
    """

    def wrapped(environ: Environ, start_response: Any) -> Iterable[bytes]:
        answer = application(environ, start_response)
        if _has_body(environ) and not environ.get("HTTP_EXPECT"):
            _read_out(environ["wsgi.input"], most)
        return answer

    return wrapped


def _has_body(environ: Environ) -> bool:
    return (
        environ.get("CONTENT_LENGTH", "0") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ
    )


def _read_out(body: Any, most: int) -> None:
    left = most
    while left > 0 and (chunk := body.read(min(CHUNK, left))):
        left -= len(chunk)
