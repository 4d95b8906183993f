"""OpenAI-compatible chat completions over an injected client."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from core.words import gettext as _
from models_registry.providers import base
from models_registry.providers.http import (
    CheckedClient,
    Events,
    Reply,
    asked_rest,
    post_for_events,
    post_json,
    short_text,
    token_count,
)
from models_registry.providers.sampling import (
    MOST_TOKENS,
    SHARED,
    Check,
    flag,
    json_object,
    number,
    one_of,
    stops,
    whole,
)

SETTINGS: dict[str, Check] = {
    **SHARED,
    "max_completion_tokens": whole(1, MOST_TOKENS),
    "seed": whole(-(2**63), 2**63 - 1),
    "stop": stops,
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "logit_bias": json_object,
    "response_format": json_object,
    "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
    "verbosity": one_of("low", "medium", "high"),
    # vLLM, llama.cpp and Ollama
    "top_k": whole(-1, MOST_TOKENS),
    "min_p": number(0, 1),
    "repetition_penalty": number(0, 10),
    "chat_template_kwargs": json_object,
    "cache_prompt": flag,
    "stream": flag,
}
TOLD_ONCE = ("id", "model", "system_fingerprint", "usage")
FILTER_CODES = ("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")


@dataclass(frozen=True, slots=True)
class OpenAIChat:
    """POST {base}/chat/completions. Settings go out as they are given, and no others."""

    deadline: float
    SETTINGS: ClassVar[Mapping[str, Check]] = SETTINGS
    NEEDS_LIMIT: ClassVar[bool] = False

    @staticmethod
    def headers(api_key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def payload(self, request: base.ChatRequest) -> dict[str, Any]:
        system = [{"role": "system", "content": request.system_prompt}]
        # Usage comes in a stream's last event, and only where it was asked for.
        usage = (
            {"stream_options": {"include_usage": True}} if request.settings.get("stream") else {}
        )
        return {
            **usage,
            **request.settings,
            "model": request.model,
            "messages": [
                *(system if request.system_prompt else []),
                *({"role": one.role, "content": one.content} for one in request.messages),
            ],
        }

    async def complete(self, client: CheckedClient, payload: Mapping[str, Any]) -> base.ChatResult:
        try:
            if payload.get("stream"):
                return _streamed(
                    await post_for_events(
                        client, "chat/completions", payload, deadline=self.deadline
                    )
                )
            reply = await post_json(client, "chat/completions", payload, deadline=self.deadline)
        except base.Rejected as error:
            if error.code in FILTER_CODES:  # the prompt was filtered: an outcome, not a failure
                return base.ChatResult(
                    text="",
                    outcome=base.FILTERED,
                    finish_reason="content_filter",
                    http_status=error.status or 400,
                )
            raise
        return _result(reply)


def _streamed(stream: Events) -> base.ChatResult:
    """Put a stream's pieces together, and read them as the answer they would have been in one."""
    body: dict[str, Any] = {}
    texts: dict[str, list[str]] = {"content": [], "refusal": []}
    finish = done = None
    for event in stream.events:
        done = done or event.get("done")
        body |= {name: event[name] for name in TOLD_ONCE if event.get(name)}
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if not isinstance(choice, dict) or choice.get("index", 0) != 0:
                continue
            finish = choice.get("finish_reason") or finish
            delta = choice.get("delta")
            for name, pieces in texts.items():
                piece = delta.get(name) if isinstance(delta, dict) else None
                if isinstance(piece, str):
                    pieces.append(piece)
    if not finish or not done:
        raise base.BadReply(_("The stream broke off: its end was not sent."))
    message = {name: "".join(pieces) or None for name, pieces in texts.items()}
    body["choices"] = [{"message": message, "finish_reason": finish}]
    return _result(
        Reply(stream.status, body, stream.headers, stream.first_byte_ms, stream.latency_ms)
    )


def _result(reply: Reply) -> base.ChatResult:
    body = reply.body
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise base.BadReply(_("The answer has no choices: this is not a chat completion."))
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise base.BadReply(_("The answer's first choice has no message."))
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return replace(
        _answer(message, short_text(choices[0].get("finish_reason"), 40)),
        response_model=short_text(body.get("model")),
        system_fingerprint=short_text(body.get("system_fingerprint")),
        request_id=short_text(body.get("id")),
        prompt_tokens=token_count(usage.get("prompt_tokens")),
        completion_tokens=token_count(usage.get("completion_tokens")),
        first_byte_ms=reply.first_byte_ms,
        latency_ms=reply.latency_ms,
        http_status=reply.status,
        rest=asked_rest(reply.headers),
    )


def _answer(message: dict[str, Any], finish: str) -> base.ChatResult:
    content, refusal = message.get("content"), message.get("refusal")
    for name, value in (("content", content), ("refusal", refusal)):
        if value is not None and not isinstance(value, str):
            raise base.BadReply(
                _("The message's %(name)s is a %(kind)s, not a text.")
                % {"name": name, "kind": type(value).__name__}
            )
    refusal = refusal or ""
    text = content or refusal
    outcome = base.outcome_of(
        text=text,
        refused=bool(refusal),
        filtered=finish == "content_filter",
        cut_off=finish == "length",
    )
    return base.ChatResult(text=text, outcome=outcome, finish_reason=finish, refusal=refusal)
