"""vLLM and Ollama as their documentation and their answers in the field have them: neither runs here.

llama.cpp and LiteLLM, which can, are called themselves: see tests/providers.
"""

import json

import pytest
from django.utils import timezone

from models_registry.models import Completion
from models_registry.services.endpoints import probe_model, register_endpoint
from models_registry.services.language_models import register_language_model
from models_registry.services.runs import start_run
from tests.fake_provider import FakeProvider, Reply

pytestmark = pytest.mark.django_db(transaction=True)
VLLM, OLLAMA = "meta-llama/Llama-2-7b-chat-hf", "llama2:7b-chat"
KEY = "token-abc123"
TEXT = "The sky is blue."


def vllm(call) -> Reply:
    """Errors lie in an object, or at the top as in older versions; codes are numbers."""
    if call.headers.get("Authorization") != f"Bearer {KEY}":
        return Reply({"error": "Unauthorized"}, status=401)
    if call.body["model"] != VLLM:
        told = f"The model `{call.body['model']}` does not exist."
        error = {"object": "error", "message": told, "type": "NotFoundError", "code": 404}
        return Reply(error, status=404)
    if call.body.get("max_tokens", 0) > 4096:
        told = "This model's maximum context length is 4096 tokens."
        return Reply(
            {"error": {"message": told, "type": "BadRequestError", "code": 400}}, status=400
        )
    message = {"role": "assistant", "content": TEXT, "reasoning_content": None, "tool_calls": []}
    choice = {"index": 0, "logprobs": None, "finish_reason": "stop", "stop_reason": None}
    usage = {"prompt_tokens": 12, "total_tokens": 17, "completion_tokens": 5}
    if not call.body.get("stream"):
        choices = [{**choice, "message": message}]
        return Reply(_vllm("chat.completion", choices=choices, usage=usage, prompt_logprobs=None))
    deltas = [
        {"role": "assistant", "content": ""},
        {"content": "The sky "},
        {"content": "is blue."},
    ]
    chunks = [[{**choice, "delta": one, "finish_reason": None}] for one in deltas]
    chunks.append([{**choice, "delta": {"content": ""}}])
    assert call.body["stream_options"] == {"include_usage": True}
    events = [_vllm("chat.completion.chunk", choices=one, usage=None) for one in chunks]
    return _stream([*events, _vllm("chat.completion.chunk", choices=[], usage=usage)])


def _vllm(kind: str, **more) -> dict:
    return {"id": "chatcmpl-3f", "object": kind, "created": 1, "model": VLLM, **more}


def ollama(call) -> Reply:
    """No key is asked for, and whatever comes is ignored; the last piece comes with its reason."""
    if call.body["model"] != OLLAMA:
        told = f'model "{call.body["model"]}" not found, try pulling it first'
        error = {"message": told, "type": "not_found_error", "param": None, "code": None}
        return Reply({"error": error}, status=404)
    usage = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    if not call.body.get("stream"):
        message = {"role": "assistant", "content": TEXT}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return Reply(_ollama("chat.completion", choices=[choice], usage=usage))
    pieces = [("The sky ", None), ("is blue.", None), ("", "stop")]
    events = [
        _ollama(
            "chat.completion.chunk",
            choices=[
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": text},
                    "finish_reason": reason,
                }
            ],
        )
        for text, reason in pieces
    ]
    return _stream([*events, _ollama("chat.completion.chunk", choices=[], usage=usage)])


def _ollama(kind: str, **more) -> dict:
    told = {"id": "chatcmpl-768", "object": kind, "created": 1, "model": OLLAMA}
    return {**told, "system_fingerprint": "fp_ollama", **more}


def _stream(events) -> Reply:
    lines = [f"data: {json.dumps(one)}\n\n" for one in [*events]]
    raw = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return Reply(raw=raw, headers={"Content-Type": "text/event-stream; charset=utf-8"})


SERVERS = {"vLLM": (vllm, VLLM, KEY), "Ollama": (ollama, OLLAMA, "")}


@pytest.fixture(params=SERVERS)
def server(request):
    script, name, key = SERVERS[request.param]
    with FakeProvider(script) as running:
        running.models = [name]
        yield running, name, key


def connected(running, name, key, **settings):
    endpoint = register_endpoint(
        slug="own", name="Own", kind="openai_chat", base_url=running.base_url, api_key=key
    )
    return register_language_model(
        slug="own-1", name="Own", endpoint=endpoint, remote_name=name, settings=settings
    )


@pytest.mark.parametrize("stream", [False, True])
def test_its_answers_are_stored_whole_or_streamed(server, make_pool, drain, stream):
    running, name, key = server
    model = connected(running, name, key, max_tokens=64, temperature=0.7, seed=1, stream=stream)
    start_run(pool_version=make_pool(2), language_models=[model], now=timezone.now())
    drain(model.endpoint)
    rows = list(Completion.objects.all())
    assert {(row.state, row.outcome, row.text) for row in rows} == {("succeeded", "answered", TEXT)}
    assert {(row.prompt_tokens, row.completion_tokens) for row in rows} == {(12, 5)}
    assert {row.response_model for row in rows} == {name}


def test_a_wrong_name_is_told_with_the_one_there_is(server):
    running, name, key = server
    told = probe_model(language_model=connected(running, "llama-2-7b", key))
    assert (told.error, told.names) == ("not_found", (name,))


def test_a_server_without_a_model_lists_none():
    with FakeProvider(ollama) as running:
        running.models = []
        told = probe_model(language_model=connected(running, "llama2", ""))
    assert (told.error, told.names) == ("not_found", ())
    assert "try pulling it first" in told.message


@pytest.mark.parametrize("key", ["", "token-wrong"])
def test_vllm_with_a_key_refuses_others(key):
    with FakeProvider(vllm) as running:
        told = probe_model(language_model=connected(running, VLLM, key))
    assert told.error == "denied"
    assert "Unauthorized" in told.message


def test_what_does_not_fit_into_the_models_context_is_told_in_its_words():
    with FakeProvider(vllm) as running:
        told = probe_model(language_model=connected(running, VLLM, KEY, max_tokens=5000))
    assert told.error == "rejected"
    assert "maximum context length is 4096" in told.message
