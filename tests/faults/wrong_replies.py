"""What a provider may send in place of an answer: passing faults, and final ones."""

from tests.fake_provider import Reply

WRONG = {
    "rate limited": lambda: Reply({"error": {"message": "slow"}}, status=429),
    "asked to wait": lambda: Reply(
        {"error": {"message": "slow"}}, status=429, headers={"Retry-After": "0.2"}
    ),
    "server error": lambda: Reply({"error": "busy"}, status=500),
    "unavailable": lambda: Reply({"error": "busy"}, status=503),
    "a web page": lambda: Reply(raw=b"<!doctype html><p>It works!</p>"),
    "half a JSON": lambda: Reply(raw=b'{"choices": [{"message": {"content": "ech'),
    "NaN": lambda: Reply(raw=b'{"choices": NaN}'),
    "another schema": lambda: Reply({"answer": "echo"}),
    "no choices": lambda: Reply({"choices": []}),
    "an error with 200": lambda: Reply({"error": {"message": "overloaded"}}),
    "a list": lambda: Reply(raw=b"[]"),
    "nothing": lambda: Reply(raw=b""),
    "too much": lambda: Reply(raw=b" " * (2 * 1024 * 1024 + 1)),
    "broken off": lambda: Reply(raw=b'{"choices": [', headers={"Content-Length": "500"}),
    "compressed": lambda: Reply(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
}
FINAL = {
    "NUL": b'{"choices": [{"message": {"content": "a\\u0000"}}]}',
    "half a surrogate pair": b'{"choices": [{"message": {"content": "a\\ud800"}}]}',
}
