"""Anthropic messages over an injected client."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    stops,
    whole,
)

VERSION = "2023-06-01"
SETTINGS: dict[str, Check] = {
    **SHARED,
    "temperature": number(0, 1),
    "top_k": whole(0, MOST_TOKENS),
    "stop_sequences": stops,
    "thinking": json_object,
    "stream": flag,
}
CUT_OFF_REASONS = {"max_tokens", "model_context_window_exceeded"}


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    """POST {base}/messages, where the base URL ends in /v1."""

    deadline: float
    SETTINGS: ClassVar[Mapping[str, Check]] = SETTINGS
    NEEDS_LIMIT: ClassVar[bool] = True

    @staticmethod
    def headers(api_key: str) -> dict[str, str]:
        key = {"x-api-key": api_key} if api_key else {}
        return {**key, "anthropic-version": VERSION}

    def payload(self, request: base.ChatRequest) -> dict[str, Any]:
        # Here a system message is no message: it has a field of its own.
        system = [one.content for one in request.messages if one.role == "system"]
        texts = [text for text in (request.system_prompt, *system) if text]
        return {
            **request.settings,
            **({"system": "\n\n".join(texts)} if texts else {}),
            "model": request.model,
            "messages": [
                {"role": one.role, "content": one.content}
                for one in request.messages
                if one.role != "system"
            ],
        }

    async def complete(self, client: CheckedClient, payload: Mapping[str, Any]) -> base.ChatResult:
        if payload.get("stream"):
            return _streamed(
                await post_for_events(client, "messages", payload, deadline=self.deadline)
            )
        return _result(await post_json(client, "messages", payload, deadline=self.deadline))


def _streamed(stream: Events) -> base.ChatResult:
    """Put a stream's pieces together, and read them as the message they would have been in one."""
    body: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    text: list[str] = []
    kinds = [event.get("type") for event in stream.events]
    if "error" in kinds or "message_stop" not in kinds:
        raise base.BadReply(_("The stream broke off: its end was not sent."))
    for event in stream.events:
        started, delta = event.get("message"), event.get("delta")
        if isinstance(started, dict):
            body |= {name: started.get(name) for name in ("id", "model")}
            usage |= started["usage"] if isinstance(started.get("usage"), dict) else {}
        usage |= event["usage"] if isinstance(event.get("usage"), dict) else {}
        if isinstance(delta, dict):
            body["stop_reason"] = delta.get("stop_reason") or body.get("stop_reason")
            if delta.get("type") == "text_delta" and isinstance(delta.get("text"), str):
                text.append(delta["text"])
    body |= {"usage": usage, "content": [{"type": "text", "text": "".join(text)}]}
    return _result(
        Reply(stream.status, body, stream.headers, stream.first_byte_ms, stream.latency_ms)
    )


def _result(reply: Reply) -> base.ChatResult:
    body = reply.body
    text = _text(body.get("content"))
    reason = short_text(body.get("stop_reason"), 40)
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    refused = reason == "refusal"
    return base.ChatResult(
        text=text,
        outcome=base.outcome_of(
            text=text, refused=refused, filtered=False, cut_off=reason in CUT_OFF_REASONS
        ),
        finish_reason=reason,
        refusal=text if refused else "",
        response_model=short_text(body.get("model")),
        request_id=short_text(body.get("id")),
        prompt_tokens=token_count(usage.get("input_tokens")),
        completion_tokens=token_count(usage.get("output_tokens")),
        first_byte_ms=reply.first_byte_ms,
        latency_ms=reply.latency_ms,
        http_status=reply.status,
        rest=asked_rest(reply.headers),
    )


def _text(blocks: Any) -> str:
    """Join the text blocks; thinking and other blocks are no part of the answer."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise base.BadReply(_("The answer has no content blocks: this is not a message."))
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    if not all(isinstance(text, str) for text in texts):
        raise base.BadReply(_("A text block of the answer holds no text."))
    return "".join(texts)
