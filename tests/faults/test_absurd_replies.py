"""Replies that no server should send: each ends in a clear state, and costs nothing else its answer."""

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
from django.utils import timezone

from models_registry.models import Completion, GenerationRun, ModelEndpoint, ModelPrice
from models_registry.services import runs
from models_registry.services.endpoints import update_endpoint
from tests.fake_provider import Reply, answer
from tests.faults.checker import broken_promises

pytestmark = pytest.mark.django_db(transaction=True)
BAD = "question 1"
LONG = "\U0001f600" * 480_000  # 1.9 MB of UTF-8


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("models_registry.retries.FIRST_SECONDS", 0.05)
    monkeypatch.setattr("models_registry.retries.FIRST_REST_SECONDS", 0.1)
    monkeypatch.setattr("models_registry.services.drains.LOOK_SECONDS", 0.05)


def start(make_pool, model, jobs=4):
    return runs.start_run(
        pool_version=make_pool(jobs), language_models=[model], now=timezone.now()
    ).run


def good(call):
    call.answered = True
    return Reply(answer(f"echo: {call.last}"))


def with_usage(usage):
    return {**answer(f"echo: {BAD}"), "usage": usage}


USAGES = {
    "beyond all numbers": {"prompt_tokens": 10**400, "completion_tokens": 10**400},
    "the largest integer": {"prompt_tokens": 2**31 - 1, "completion_tokens": 2**31 - 1},
    "just too large": {"prompt_tokens": 2**31, "completion_tokens": 2**63},
    "negative": {"prompt_tokens": -5, "completion_tokens": -(2**40)},
    "fractions": {"prompt_tokens": 1.5, "completion_tokens": 1e300},
    "words": {"prompt_tokens": "many", "completion_tokens": True},
    "a list": [1, 2, 3],
    "a number": 7,
    "lists within": {"prompt_tokens": [10], "completion_tokens": {"n": 5}},
}


@pytest.mark.parametrize("usage", USAGES.values(), ids=USAGES)
@pytest.mark.parametrize("per_million", [1, 999_999])
def test_absurd_usage_costs_no_answer(
    usage, per_million, make_pool, endpoint, model, provider, drain
):
    ModelPrice.objects.create(
        language_model=model,
        valid_from=timezone.now().date(),
        input_per_million=per_million,
        output_per_million=per_million,
    )
    provider.script = lambda call: Reply(with_usage(usage)) if call.last == BAD else good(call)
    run = start(make_pool, model)
    drain(endpoint)
    assert broken_promises(provider) == []
    assert Completion.objects.succeeded().count() == 4
    run.refresh_from_db()
    assert run.spent >= 3 * Decimal("0.000015")
    for row in Completion.objects.all():
        assert row.prompt_tokens is None or 0 <= row.prompt_tokens < 2**31
        assert row.cost is None or row.cost >= 0


WAITS = {
    "a date long past": format_datetime(datetime(1990, 1, 1, tzinfo=UTC), usegmt=True),
    "a billion seconds": "1000000000",
    "without an end": "9" * 400,
    "infinite": "inf",
    "not a number": "nan",
    "an exponent": "1e400",
    "negative": "-5",
    "of the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
    "no date": "Fri, 99 Foo 0000 99:99:99 GMT",
    "other digits": "٣",
    "nothing": "",
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_an_absurd_wish_to_wait_is_bounded(
    wait, status, make_pool, endpoint, model, provider, drain
):
    seen = []

    def script(call):
        if not seen and call.last == BAD:
            seen.append(call)
            headers = {"Retry-After": wait.encode("utf-8").decode("latin-1")}
            return Reply({"error": {"message": "slow"}}, status=status, headers=headers)
        return good(call)

    provider.script = script
    start(make_pool, model)
    drain(endpoint)
    now = timezone.now()
    waiting = Completion.objects.exclude(state="succeeded")
    assert set(waiting.values_list("state", flat=True)) <= {"pending"}
    for row in waiting:
        assert row.next_attempt_at is None or row.next_attempt_at <= now + timedelta(minutes=11)
    endpoint.refresh_from_db()
    assert (endpoint.resting_until or now) <= now + timedelta(minutes=11)
    ModelEndpoint.objects.update(resting_until=None)
    Completion.objects.filter(state="pending").update(next_attempt_at=None)
    drain(endpoint)
    assert broken_promises(provider) == []
    assert Completion.objects.succeeded().count() == 4


BODIES = {
    "deep lists": b'{"choices": ' + b"[" * 200_000,
    "deep lists that end": b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a deep message": json.dumps(answer("x"))
    .encode()
    .replace(b'"x"', b"[" * 50_000 + b"]" * 50_000),
    "a number of 100,000 digits": b'{"choices": [], "created": ' + b"9" * 100_000 + b"}",
    "half of UTF-8": b'{"choices": [{"message": {"content": "\xf0\x9f"}}]}',
    "UTF-16": json.dumps(answer("x")).encode("utf-16"),
    "minus infinity": b'{"choices": -Infinity}',
    "a name twice": b'{"choices": 1, "choices": 2}',
    "two documents": b"{}{}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_absurd_body_ends_in_a_clear_state(body, make_pool, endpoint, model, provider, drain):
    provider.script = lambda call: Reply(raw=body) if call.last == BAD else good(call)
    start(make_pool, model)
    drain(endpoint)
    assert broken_promises(provider) == []
    (failed,) = Completion.objects.exclude(state="succeeded")
    assert (failed.state, failed.text) == ("failed", "")
    assert failed.last_error in {"bad_reply", "unstorable"}


@pytest.mark.parametrize("stored", ["text", "refusal", "system_fingerprint", "id", "model"])
@pytest.mark.parametrize("what", ["a\x00b", "a\ud800b", "x" * 100_000], ids=["NUL", "half", "long"])
def test_what_no_column_holds_ends_in_a_clear_state(
    stored, what, make_pool, endpoint, model, provider, drain
):
    body = answer(f"echo: {BAD}")
    if stored == "text":
        body["choices"][0]["message"]["content"] = f"echo: {BAD}" + what
    elif stored == "refusal":
        body["choices"][0]["message"]["refusal"] = what
    else:
        body[stored] = what
    provider.script = lambda call: Reply(body) if call.last == BAD else good(call)
    start(make_pool, model)
    drain(endpoint)
    ended = Completion.objects.exclude(state__in=["pending", "leased"])
    others = Completion.objects.succeeded().exclude(prompt__external_id="q1")
    assert ended.count() == 4 or model_is_paused(model)
    assert others.count() == 3 or model_is_paused(model)


def model_is_paused(model):
    model.refresh_from_db()
    return model.paused_at is not None


def test_answers_of_nearly_two_megabytes_beyond_the_basic_plane_are_stored_whole(
    make_pool, endpoint, model, provider, drain
):
    raw = json.dumps(answer(LONG), ensure_ascii=False).encode()
    provider.script = lambda call: Reply(raw=raw)
    start(make_pool, model, jobs=2)
    drain(endpoint)
    assert {len(row.text) for row in Completion.objects.succeeded()} == {len(LONG)}


@contextmanager
def raw_server(speak):
    """Let `speak(socket)` say what it likes to everybody who connects and has sent a request."""
    listening = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve():
        while not stopped.is_set():
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(one,), daemon=True).start()

    def talk(one):
        with one:
            try:
                one.recv(65_536)
                speak(one, stopped)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        stopped.set()
        listening.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = json.dumps(answer("echo")).encode()


def says(*parts):
    return lambda one, stopped: one.sendall(b"".join(parts))


def forever(head, piece, pause=0.0):
    def speak(one, stopped):
        one.sendall(head)
        until = time.monotonic() + 15
        while not stopped.is_set() and time.monotonic() < until:
            one.sendall(piece)
            time.sleep(pause)

    return speak


BOMB = gzip.compress(b" " * 20_000_000)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SPOKEN = {
    "more announced than sent": says(HEAD, b"Content-Length: 100000\r\n\r\n", WHOLE),
    "less announced than sent": says(HEAD, b"Content-Length: 10\r\n\r\n", WHOLE),
    "a negative length": says(HEAD, b"Content-Length: -1\r\n\r\n", WHOLE),
    "two lengths": says(HEAD, b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n", WHOLE),
    "a length in words": says(HEAD, b"Content-Length: many\r\n\r\n", WHOLE),
    "a huge length": says(HEAD, b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", WHOLE),
    "a gzip bomb": says(
        HEAD, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB
    ),
    "chunks without an end": forever(CHUNKED, b"1\r\n \r\n", 0.01),
    "fast chunks without an end": forever(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"),
    "a chunk of no size": says(CHUNKED, b"zz\r\n", WHOLE),
    "a chunk of all sizes": says(CHUNKED, b"f" * 40 + b"\r\n", WHOLE),
    "headers without an end": forever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "one endless header": forever(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 4096),
    "interim answers without an end": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "no HTTP": says(b"220 mail.example ESMTP\r\n"),
    "nothing": says(b""),
}


@pytest.mark.parametrize("speak", SPOKEN.values(), ids=SPOKEN)
def test_a_server_that_lies_about_its_answer_is_found_out_in_time(
    speak, make_pool, endpoint, model, drain, monkeypatch
):
    monkeypatch.setattr("models_registry.retries.MOST_ATTEMPTS", 2)
    monkeypatch.setattr("models_registry.services.claims.MOST_ATTEMPTS", 2)
    with raw_server(speak) as port:
        update_endpoint(
            endpoint=endpoint,
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key="sk-0123456789",
            timeout_seconds=2,
        )
        start(make_pool, model, jobs=2)
        begun = time.monotonic()
        endpoint.refresh_from_db()
        drain(endpoint)
        took = time.monotonic() - begun
    assert set(Completion.objects.values_list("state", "attempts_made", "text")) == {
        ("failed", 2, "")
    }
    assert took < 15
    assert all(Completion.objects.values_list("last_error_message", flat=True))


def test_a_hundred_thousand_events_of_one_byte_are_one_answer(
    make_pool, endpoint, model, provider, drain
):
    def event(text, **more):
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, **more}
        return (
            b"data: " + json.dumps({"choices": [choice]}, separators=(",", ":")).encode() + b"\n\n"
        )

    model.settings = {"stream": True}
    model.save()
    small = event("a") * 20_000 + event("", finish_reason="stop") + b"data: [DONE]\n\n"
    large = event("a") * 100_000 + event("", finish_reason="stop") + b"data: [DONE]\n\n"
    streams = {"question 0": small, BAD: large}
    provider.script = lambda call: Reply(
        raw=streams[call.last], headers={"Content-Type": "text/event-stream"}
    )
    start(make_pool, model, jobs=2)
    begun = time.process_time()
    drain(endpoint)
    told = dict(Completion.objects.values_list("prompt__external_id", "state"))
    assert told["q0"] == "succeeded"
    assert Completion.objects.get(prompt__external_id="q0").text == "a" * 20_000
    # 100,000 events are 7 MB: more than is read of any answer.
    failed = Completion.objects.get(prompt__external_id="q1")
    assert (failed.state, failed.last_error, failed.text) == ("failed", "bad_reply", "")
    assert time.process_time() - begun < 60
    assert GenerationRun.objects.count() == 1
