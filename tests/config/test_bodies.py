"""What a refused request sent is read to its end, up to a limit."""

import io

import pytest

from config.bodies import reading_bodies_out


def answered(body: bytes, *, most: int = 1_000, **environ: str) -> tuple[bytes, int]:
    """Return the answer, and how much of the body was read."""
    stream = io.BytesIO(body)
    application = reading_bodies_out(lambda environ, start: [b"no"], most=most)
    answer = application({"wsgi.input": stream, **environ}, None)
    return b"".join(answer), stream.tell()


@pytest.mark.parametrize("how", [{"CONTENT_LENGTH": "900"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_reads_what_is_left(how):
    assert answered(b"x" * 900, **how) == (b"no", 900)


def test_reads_no_more_than_the_limit():
    assert answered(b"x" * 5_000, CONTENT_LENGTH="5000") == (b"no", 1_000)


def test_asks_for_no_body_that_the_client_holds_back():
    assert answered(b"x" * 9, CONTENT_LENGTH="9", HTTP_EXPECT="100-continue") == (b"no", 0)


@pytest.mark.parametrize("length", ["", "0"])
def test_touches_nothing_where_there_is_no_body(length):
    assert answered(b"", CONTENT_LENGTH=length) == (b"no", 0)
