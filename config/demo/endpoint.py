"""A small OpenAI-compatible endpoint on loopback that serves the demo models' written answers."""

import json
import threading
import time
import uuid
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
PORT = 8701
LONGEST_BODY = 1_000_000
# A pace a person can watch, and still a few seconds in all.
SECONDS_A_WORD = 0.0003
TOKENS_A_WORD = 1.3
UNKNOWN_REPLY = (
    "This is a demo model: it knows the demo's prompts only, and answers everything else with "
    "this sentence. Register a real endpoint to ask real questions."
)


class Reply(NamedTuple):
    text: str
    finish_reason: str


def read_lines(name: str) -> list[dict[str, Any]]:
    """Return the objects of one of the demo's JSON-lines files."""
    with (HERE / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@cache
def replies() -> dict[tuple[str, tuple[str, ...]], Reply]:
    """Map (model, what the user said so far) to the reply written for it."""
    prompts = {prompt["id"]: prompt for prompt in read_lines("prompts.jsonl")}
    table = {}
    for answer in read_lines("answers.jsonl"):
        said = user_turns(prompts[answer["prompt"]])
        first = len(said) - len(answer["turns"])
        for number, text in enumerate(answer["turns"], start=first + 1):
            key = (answer["model"], tuple(said[:number]))
            table[key] = Reply(text, answer.get("finish_reason", "stop"))
    return table


def user_turns(prompt: dict[str, Any]) -> list[str]:
    if "turns" in prompt:
        return list(prompt["turns"])
    return [message["content"] for message in prompt["messages"] if message["role"] == "user"]


def complete(body: dict[str, Any]) -> dict[str, Any]:
    """Answer one chat-completions request body."""
    messages = body["messages"]
    said = tuple(message["content"] for message in messages if message["role"] == "user")
    reply = replies().get((body["model"], said), Reply(UNKNOWN_REPLY, "stop"))
    prompt_tokens = tokens(" ".join(message["content"] for message in messages))
    completion_tokens = tokens(reply.text)
    time.sleep(len(reply.text.split()) * SECONDS_A_WORD)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": "demo",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text, "refusal": None},
                "finish_reason": reply.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def tokens(text: str) -> int:
    return max(1, round(len(text.split()) * TOKENS_A_WORD))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path.rstrip("/") != "/v1/chat/completions" or not 0 < length <= LONGEST_BODY:
            self.answer(
                HTTPStatus.NOT_FOUND, {"error": {"message": "Only /v1/chat/completions is here."}}
            )
            return
        try:
            reply = complete(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError):
            self.answer(
                HTTPStatus.BAD_REQUEST, {"error": {"message": "model and messages are needed."}}
            )
            return
        self.answer(HTTPStatus.OK, reply)

    def answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Keep the demo's terminal for the demo."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def start() -> str:
    """Serve on loopback from a daemon thread; return the base URL.

    The usual port is taken by another demo or a stranger: then any free one.
    """
    try:
        server = Server(("127.0.0.1", PORT), Handler)
    except OSError:
        server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, name="demo endpoint", daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/v1"
