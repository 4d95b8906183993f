"""A small OpenAI-compatible server on loopback that keeps its own ledger, and misbehaves on demand."""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

USUAL = "fake-1"


@dataclass
class Reply:
    """What the server sends: a JSON body by default, or these raw bytes."""

    body: dict | None = None
    raw: bytes | None = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Call:
    """One request as it arrived."""

    path: str
    headers: dict
    body: dict
    finished: bool = False
    answered: bool = False  # set by scripts that tell paid answers from faults

    @property
    def last(self) -> str:
        return self.body["messages"][-1]["content"]


def answer(text="An answer.", *, finish="stop", model=USUAL, **message) -> dict:
    """Return the body of a chat completion."""
    return {
        "id": "cmpl-1",
        "object": "chat.completion",
        "model": model,
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def strict(key: str, *models: str) -> Callable[[Call], Reply]:
    """Return a script that answers at /v1 only, with this key only, and knows these models only."""

    def script(call: Call) -> Reply:
        if call.path != "/v1/chat/completions":
            return Reply({"detail": "Not Found"}, status=404)
        if call.headers.get("Authorization") != f"Bearer {key}":
            told = {"message": "Incorrect API key provided.", "code": "invalid_api_key"}
            return Reply({"error": told}, status=401)
        if call.body["model"] not in models:
            told = {"message": "The model does not exist.", "code": "model_not_found"}
            return Reply({"error": told}, status=404)
        return Reply(answer(f"echo: {call.last}", model=call.body["model"]))

    return script


class FakeProvider:
    """Use as a context; `script(call)` returns the reply to a call, by default an echo of its prompt."""

    def __init__(self, script: Callable[[Call], Reply] | None = None) -> None:
        self.script = script or (lambda call: Reply(answer(f"echo: {call.last}")))
        self.calls: list[Call] = []
        self.models: list[str] = []  # what GET /v1/models lists
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def port(self) -> int:
        return self._server.server_port

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on, with this context's certificate."""
        self._server.tls = context

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def asked(self) -> Counter:
        """How often each prompt arrived."""
        with self._lock:
            return Counter(call.last for call in self.calls)

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *exc) -> None:
        self._server.shutdown()
        self._server.server_close()

    def stop_listening(self) -> None:
        """Refuse every new connection until `listen_again`."""
        self._server.shutdown()
        self._server.server_close()

    def listen_again(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.__enter__()

    def begin(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)

    def end(self) -> None:
        with self._lock:
            self._in_flight -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    tls: ssl.SSLContext | None = None

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            # The handshake belongs to the call's own thread: it may hang, or fail.
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request, client_address) -> None:
        """A caller that was killed is expected here."""


def _handler(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.title(): value for name, value in self.headers.items()}
            call = Call(self.path, headers, json.loads(raw))
            provider.begin(call)
            try:
                self._reply(provider.script(call), call.body.get("model"))
                call.finished = True
            finally:
                provider.end()

        def do_GET(self) -> None:
            there = self.path == "/v1/models" and provider.models
            listed = {"object": "list", "data": [{"id": name} for name in provider.models]}
            self._reply(Reply(listed) if there else Reply({"detail": "Not Found"}, status=404))

        def _reply(self, reply: Reply, asked: str | None = None) -> None:
            time.sleep(reply.delay)
            body = reply.body
            if body and asked and body.get("model") == USUAL:
                body = {**body, "model": asked}  # as a server does that was asked for another one
            raw = reply.raw if reply.raw is not None else json.dumps(body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(raw)))
            else:
                self.close_connection = True  # more was announced than will come
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args) -> None:
            """Quiet."""

    return Handler
