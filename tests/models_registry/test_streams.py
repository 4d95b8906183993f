"""Streamed answers: put together when whole, never stored when broken off."""

import json

import pytest

from models_registry.providers.http import asked_rest, refused_parameter
from tests.models_registry.test_providers import ask, failure
from tests.transports import reply


def sse(*events, done=True, kind="text/event-stream"):
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    body = "".join(lines) + ("data: [DONE]\n\n" if done else "")
    return reply(raw=body.encode(), headers={"Content-Type": kind})


def piece(content=None, finish=None, **more):
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    return {"id": "c1", "model": "m-1", "system_fingerprint": "fp", "choices": [choice], **more}


USAGE = {"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
STREAMED = {"settings": {"stream": True}}


def test_puts_the_pieces_together_and_reads_usage_from_the_last():
    seen = []

    def respond(request):
        seen.append(json.loads(request.content))
        return sse(piece("Hel"), piece("lo ✓"), piece(finish="stop"), USAGE)

    got = ask(respond, **STREAMED)
    assert (got.text, got.finish_reason, got.outcome) == ("Hello ✓", "stop", "answered")
    assert (got.prompt_tokens, got.completion_tokens) == (3, 2)
    assert (got.response_model, got.system_fingerprint, got.request_id) == ("m-1", "fp", "c1")
    assert got.first_byte_ms <= got.latency_ms
    assert seen[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "broken",
    [
        sse(piece("Hel"), done=False),
        sse(piece("Hello"), piece(finish="stop"), done=False),
        sse(piece("Hello")),
        sse(),
        sse(piece("Hel"), {"error": {"message": "overloaded"}}),
        sse(piece("Hi"), kind="text/html"),
    ],
)
def test_what_breaks_off_is_no_answer(broken):
    error = failure(broken, **STREAMED)
    assert (error.kind, error.permanent) == ("bad_reply", False)


def test_a_cut_off_stream_is_an_answer_that_was_cut_off():
    got = ask(sse(piece("Hel"), piece(finish="length"), USAGE), **STREAMED)
    assert (got.text, got.outcome) == ("Hel", "cut_off")


MESSAGE = [
    {
        "type": "message_start",
        "message": {"id": "m1", "model": "claude-x", "usage": {"input_tokens": 4}},
    },
    {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "He"}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "y"}},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
]


def test_reads_an_anthropic_stream():
    settings = {"settings": {"stream": True, "max_tokens": 9}}
    got = ask(sse(*MESSAGE, done=False), kind="anthropic_messages", **settings)
    assert (got.text, got.finish_reason, got.response_model) == ("Hey", "end_turn", "claude-x")
    assert (got.prompt_tokens, got.completion_tokens) == (4, 2)
    for until in range(1, len(MESSAGE)):
        error = failure(sse(*MESSAGE[:until], done=False), kind="anthropic_messages", **settings)
        assert error.kind == "bad_reply"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1.5"}, 1.5),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "6m0s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"}, None),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:30Z",
                "date": "Sun, 01 Mar 2026 12:00:00 GMT",
            },
            30,
        ),
        ({}, None),
    ],
)
def test_reads_how_long_a_used_up_limit_lasts(headers, seconds):
    assert asked_rest(headers) == seconds


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ({"message": "no", "code": "unsupported_value", "param": "temperature"}, "temperature"),
        ({"message": "Unrecognized request argument supplied: top_k"}, "top_k"),
        ({"message": "min_p: Extra inputs are not permitted"}, "min_p"),
        ({"message": "The prompt is too long", "param": "messages"}, ""),
    ],
)
def test_reads_which_setting_was_refused(error, name):
    assert refused_parameter(json.dumps({"error": error}).encode()) == name
