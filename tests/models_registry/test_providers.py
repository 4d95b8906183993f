"""The adapters, against recorded and broken replies."""

import asyncio
import json
import random
from datetime import timedelta

import pytest

from models_registry.providers import PROVIDERS, base
from models_registry.providers.calls import Calls, Connection
from models_registry.providers.exchange import Incoming
from models_registry.providers.http import make_client
from models_registry.providers.sampling import settings_errors
from models_registry.retries import backoff
from tests.fake_provider import answer
from tests.transports import Answering, reply

KEY = "sk-canary-0123456789abcdefghijkl"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-x",
    "content": [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Hello"},
        {"type": "text", "text": " there"},
    ],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 7, "output_tokens": 2},
}


def ask(given, kind="openai_chat", deadline=5.0, **request):
    """Make one call, answered by `given`: an answer, a JSON value, or a function of the request."""

    def respond(outgoing):
        got = given(outgoing) if callable(given) else given
        return got if isinstance(got, Incoming) else reply(body=got)

    async def run():
        provider = PROVIDERS[kind](deadline=deadline)
        async with make_client(
            base_url="https://api.example.com/v1/",
            headers=provider.headers(KEY),
            private_hosts=["api.example.com"],
            transport=Answering(respond),
            resolver=public,
        ) as client:
            asked = {"model": "m", "messages": [base.Message("user", "Hi")]} | request
            return await provider.complete(client, provider.payload(base.ChatRequest(**asked)))

    return asyncio.run(run())


async def public(host, port):
    return ["93.184.215.14"]


def failure(given, **options) -> base.ProviderError:
    with pytest.raises(base.ProviderError) as error:
        ask(given, **options)
    assert KEY not in str(error.value)
    assert KEY not in repr(error.value)
    assert len(error.value.message) <= 500
    return error.value


def test_sends_what_was_pinned_and_nothing_else():
    seen = []

    def respond(request):
        seen.append(request)
        return reply(body=answer("Hello"))

    settings = {"temperature": 0.5, "max_completion_tokens": 9, "seed": 1}
    ask(respond, system_prompt="Be brief.", settings=settings)
    (request,) = seen
    assert json.loads(request.content) == {
        **settings,
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
    }
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Host"] == "api.example.com"
    assert request.url == "https://93.184.215.14:443/v1/chat/completions"
    assert request.host == "api.example.com"


def test_reads_an_openai_answer():
    got = ask(answer("Hello"))
    assert (got.text, got.outcome, got.finish_reason) == ("Hello", "answered", "stop")
    assert (got.prompt_tokens, got.completion_tokens, got.request_id) == (10, 5, "cmpl-1")
    assert (got.response_model, got.system_fingerprint) == ("fake-1", "fp_1")


def test_reads_an_anthropic_answer_without_its_thinking():
    seen = []

    def respond(request):
        seen.append(request)
        return reply(body=MESSAGE)

    got = ask(
        respond,
        kind="anthropic_messages",
        system_prompt="S",
        settings={"max_tokens": 5},
        messages=[base.Message("system", "T"), base.Message("user", "Hi")],
    )
    assert (got.text, got.outcome, got.finish_reason) == ("Hello there", "answered", "end_turn")
    assert (got.prompt_tokens, got.completion_tokens) == (7, 2)
    assert seen[0].url.endswith("/v1/messages")
    assert seen[0].headers["x-api-key"] == KEY
    body = json.loads(seen[0].content)
    assert body["system"] == "S\n\nT"
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("refusal", "refused"),
        ("max_tokens", "cut_off"),
        ("model_context_window_exceeded", "cut_off"),
        ("stop_sequence", "answered"),
    ],
)
def test_anthropics_stop_reasons(reason, outcome):
    got = ask(MESSAGE | {"stop_reason": reason}, kind="anthropic_messages")
    assert got.outcome == outcome


@pytest.mark.parametrize(
    ("body", "outcome", "text"),
    [
        (answer(None, refusal="No."), "refused", "No."),
        (answer("x", finish="content_filter"), "filtered", "x"),
        (answer("x", finish="length"), "cut_off", "x"),
        (answer("", finish="stop"), "empty", ""),
        (answer(None, finish=None), "empty", ""),
    ],
)
def test_openais_kinds_of_answers(body, outcome, text):
    got = ask(body)
    assert (got.outcome, got.text) == (outcome, text)


def test_a_filtered_prompt_is_an_outcome_not_a_failure():
    body = {"error": {"message": "filtered", "code": "content_filter"}}
    assert ask(reply(400, body)).outcome == "filtered"


@pytest.mark.parametrize(
    ("status", "kind", "permanent", "pauses"),
    [
        (400, "rejected", True, ""),
        (401, "denied", True, "endpoint"),
        (402, "out_of_credit", True, "endpoint"),
        (403, "denied", True, "endpoint"),
        (404, "not_found", True, "model"),
        (408, "unavailable", False, ""),
        (413, "rejected", True, ""),
        (422, "rejected", True, ""),
        (429, "rate_limited", False, ""),
        (500, "unavailable", False, ""),
        (503, "unavailable", False, ""),
        (529, "unavailable", False, ""),
        (302, "redirected", True, "endpoint"),
        (799, "bad_reply", False, ""),
    ],
)
def test_each_status_says_what_to_do_next(status, kind, permanent, pauses):
    body = {"error": {"message": f"bad {KEY}\x07 thing"}}
    headers = {"location": "http://169.254.169.254/"}
    error = failure(reply(status, body, headers=headers))
    assert (error.kind, error.permanent, error.pauses) == (kind, permanent, pauses)
    assert error.status == status
    assert "bad [key] thing" in error.message


@pytest.mark.parametrize(
    ("message", "sort", "kind"),
    [
        ("No connected db.", "no_db_connection", "denied"),
        ("Invalid model name passed in model=x. Call `/v1/models`", "invalid", "not_found"),
        ("The model `gpt-9.1-x` does not exist", "invalid_request_error", "not_found"),
        ("model 'x' not found, try pulling it first", "api_error", "not_found"),
        ("This model's maximum context length is 8192 tokens.", "invalid", "rejected"),
        ("The model wants the word json. It was not found.", "invalid", "rejected"),
    ],
)
def test_a_bad_request_that_is_a_wrong_key_or_model_pauses_instead_of_failing_each_prompt(
    message, sort, kind
):
    body = {"error": {"message": message, "type": sort, "code": "400"}}
    error = failure(reply(400, body))
    assert (error.kind, error.status) == (kind, 400)


def test_an_empty_account_is_no_rate_limit():
    body = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    assert failure(reply(429, body)).kind == "out_of_credit"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            30.0,
        ),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_reads_how_long_to_wait(headers, seconds):
    assert failure(reply(429, raw=b"", headers=headers)).retry_after == seconds


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Sign in</html>",
        b"{",
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": "a", "refusal": []}}]}',
        b'{"choices": [{"message": {"content": NaN}}]}',
        b'{"a": 1, "a": 2}',
        b'{"error": {"message": "overloaded"}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5_000 + b"}",
    ],
)
def test_garbage_is_a_bad_reply(raw):
    error = failure(reply(raw=raw))
    assert (error.kind, error.permanent) == ("bad_reply", False)


@pytest.mark.parametrize("escape", [b"\\u0000", b"\\ud800"])
def test_what_cannot_be_stored_is_permanent(escape):
    raw = b'{"choices": [{"message": {"content": "a' + escape + b'"}}]}'
    error = failure(reply(raw=raw))
    assert (error.kind, error.permanent) == ("unstorable", True)


def test_wrong_usage_is_unknown_usage():
    body = answer("x") | {"usage": {"prompt_tokens": -1, "completion_tokens": True}}
    got = ask(body)
    assert (got.prompt_tokens, got.completion_tokens) == (None, None)
    assert ask(answer("x") | {"usage": None, "model": 5, "id": "i" * 999}).request_id == "i" * 200


def test_a_connection_never_shows_its_key():
    connection = Connection("openai_chat", "https://x.example/v1", KEY, 1)
    assert KEY not in repr(connection)
    with Calls(connection) as calls:
        request = base.ChatRequest("m", [])
        assert KEY not in repr(calls) + json.dumps(calls.payload(request))


@pytest.mark.parametrize(
    ("kind", "settings", "wrong"),
    [
        ("openai_chat", {"temperature": 1, "max_tokens": 5, "stop": ["a"]}, []),
        ("openai_chat", {"temperature": 9}, ["settings.temperature"]),
        ("openai_chat", {"temperature": True}, ["settings.temperature"]),
        ("openai_chat", {"temperature": "1"}, ["settings.temperature"]),
        ("openai_chat", {"max_tokens": -1}, ["settings.max_tokens"]),
        ("openai_chat", {"max_tokens": 1.0}, ["settings.max_tokens"]),
        ("openai_chat", {"streams": True}, ["settings.streams"]),
        ("openai_chat", {"messages": []}, ["settings.messages"]),
        ("openai_chat", {"max_tokens": 1, "max_completion_tokens": 1}, ["settings.max_tokens"]),
        ("openai_chat", {"stop": []}, ["settings.stop"]),
        ("openai_chat", {"logit_bias": []}, ["settings.logit_bias"]),
        ("anthropic_messages", {}, ["settings.max_tokens"]),
        ("anthropic_messages", {"max_tokens": 5, "temperature": 1.5}, ["settings.temperature"]),
    ],
)
def test_settings_are_checked_one_by_one(kind, settings, wrong):
    provider = PROVIDERS[kind]
    errors = settings_errors(provider.SETTINGS, settings, needs_limit=provider.NEEDS_LIMIT)
    assert [error.column for error in errors] == wrong


def test_waits_longer_each_time_within_bounds():
    def wait(attempt, *, after=None, permanent=False):
        return backoff(
            attempts_made=attempt,
            permanent=permanent,
            retry_after=after,
            rng=random.Random(attempt),
        )

    for attempt, most in ((1, 2), (2, 4), (3, 8), (4, 16)):
        assert timedelta(seconds=most / 2) <= wait(attempt) <= timedelta(seconds=most)
    assert wait(5) is None
    assert wait(1, permanent=True) is None
    assert timedelta(seconds=30) <= wait(1, after=30) <= timedelta(seconds=33)
    assert wait(1, after=1e9) == timedelta(minutes=10)
    assert wait(3, after=0) >= timedelta(seconds=4)
