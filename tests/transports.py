"""Answers without a network: what a transport would bring back."""

import json
from collections.abc import Callable

from multidict import CIMultiDict

from models_registry.providers.exchange import Incoming, Outgoing


def reply(status=200, body=None, *, raw: bytes | None = None, headers=None) -> Incoming:
    """Return an answer with a JSON body, or with these raw bytes."""
    content = json.dumps(body).encode() if raw is None else raw
    return Incoming(status=status, headers=CIMultiDict(headers or {}), body=content)


class Answering:
    """A transport whose answers are those of a function of the request."""

    def __init__(self, respond: Callable[[Outgoing], Incoming]) -> None:
        self._respond = respond

    async def exchange(self, outgoing: Outgoing) -> Incoming:
        return self._respond(outgoing)

    async def aclose(self) -> None:
        """Nothing is open."""
