"""An endpoint on loopback that answers chat completions after a delay, and counts them.

Run as a process of its own: `python bench/_stub.py PORT DELAY_SECONDS`. GET /ledger tells the
monotonic arrival times of all calls and how many were in flight at most; GET /forget empties it.
"""

import asyncio
import json
import sys
import time

ANSWER = "A short answer of about two dozen words, as many models give one when nobody asks them for more than that."
BODY = json.dumps(
    {
        "id": "cmpl-1",
        "object": "chat.completion",
        "model": "stub",
        "system_fingerprint": "fp_stub",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": ANSWER},
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 25, "total_tokens": 45},
    }
).encode()


def response(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Stub(asyncio.Protocol):
    """One connection; requests on it come one after the other."""

    arrivals: list[float] = []
    in_flight = most_in_flight = 0
    delay = 0.05
    canned = response(BODY)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        if len(body) >= length:
            self.buffer = body[length:]
            self.answer(head)

    def answer(self, head: bytes) -> None:
        if head.startswith(b"GET"):
            self.transport.write(response(self.told(head)))
            return
        cls = type(self)
        cls.arrivals.append(time.monotonic())
        cls.in_flight += 1
        cls.most_in_flight = max(cls.most_in_flight, cls.in_flight)
        asyncio.get_running_loop().call_later(cls.delay, self.finish)

    def finish(self) -> None:
        type(self).in_flight -= 1
        if not self.transport.is_closing():
            self.transport.write(self.canned)

    def told(self, head: bytes) -> bytes:
        cls = type(self)
        if head.startswith(b"GET /forget"):
            cls.arrivals, cls.most_in_flight = [], 0
        return json.dumps({"arrivals": cls.arrivals, "most_in_flight": cls.most_in_flight}).encode()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    Stub.delay = float(sys.argv[2])
    asyncio.run(serve(int(sys.argv[1])))
