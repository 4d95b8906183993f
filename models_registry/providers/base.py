"""What every provider takes and gives, and the errors that say themselves what to do next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from models_registry.providers.http import CheckedClient

SHOWN_OF_ERRORS = 500
ANSWERED, REFUSED, FILTERED, EMPTY, CUT_OFF = (
    "answered",
    "refused",
    "filtered",
    "empty",
    "cut_off",
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call: the model's remote name, the conversation so far, and the pinned settings."""

    model: str
    messages: Sequence[Message]
    system_prompt: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatResult:
    """One answer, with what the endpoint told about it; `outcome` is one of the five names above."""

    text: str
    outcome: str
    finish_reason: str = ""
    refusal: str = ""
    response_model: str = ""
    system_fingerprint: str = ""
    request_id: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    first_byte_ms: int | None = None
    latency_ms: int | None = None
    http_status: int = 200
    rest: float | None = None  # seconds for which the endpoint wants no further call


class Provider(Protocol):
    """One kind of endpoint. Adding one: a file here, a line in PROVIDERS, a test file."""

    SETTINGS: ClassVar[Mapping[str, Callable[[Any], str]]]  # what may be pinned, with its checks
    NEEDS_LIMIT: ClassVar[bool]  # whether max_tokens must be among them

    def __init__(self, deadline: float) -> None:
        """Give each call `deadline` seconds in all."""

    @staticmethod
    def headers(api_key: str) -> dict[str, str]:
        """Return the headers of every call; an endpoint without a key gets an empty one."""

    def payload(self, request: ChatRequest) -> dict[str, Any]:
        """Return the body that is sent, without the key: it is stored with the answer."""

    async def complete(self, client: "CheckedClient", payload: Mapping[str, Any]) -> ChatResult:
        """Make one call. Raises `ProviderError`, and nothing else, when there is no answer."""


# What an error pauses.
NOTHING, MODEL, ENDPOINT = "", "model", "endpoint"


class ProviderError(Exception):
    """No answer; `permanent`: asking again is useless.

    `pauses` says whether asking the same model, or the same endpoint, anything else is useless too.
    The message says what happened and what to do; it never holds a key.
    """

    kind = "provider"
    permanent = False
    pauses = NOTHING

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
        parameter: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message[:SHOWN_OF_ERRORS]
        self.status = status
        self.code = code  # the endpoint's own word for it
        self.retry_after = retry_after  # seconds
        self.parameter = parameter  # the setting that the endpoint will not take


class CannotConnect(ProviderError):
    kind = "connection"


class TimedOut(ProviderError):
    kind = "timeout"


class RateLimited(ProviderError):
    """Nothing was asked of the model: the completion keeps its attempt, and the endpoint its rest."""

    kind = "rate_limited"


class MissedTurn(ProviderError):
    """Nothing was sent: the call's turn was over before this process came to it."""

    kind = "missed_turn"


class Unavailable(ProviderError):
    kind = "unavailable"


class BadReply(ProviderError):
    """Something came back that is no answer: HTML, broken JSON, another shape, too much of it."""

    kind = "bad_reply"


class Unstorable(ProviderError):
    """The answer holds characters that a database cannot hold: NUL or half of a surrogate pair."""

    kind = "unstorable"
    permanent = True


class Rejected(ProviderError):
    """Only this request is wrong; others may be right."""

    kind = "rejected"
    permanent = True


class Denied(ProviderError):
    kind = "denied"
    permanent = True
    pauses = ENDPOINT


class OutOfCredit(ProviderError):
    kind = "out_of_credit"
    permanent = True
    pauses = ENDPOINT


class NotThere(ProviderError):
    kind = "not_found"
    permanent = True
    pauses = MODEL


class Redirected(ProviderError):
    kind = "redirected"
    permanent = True
    pauses = ENDPOINT


class AddressRefused(ProviderError):
    """The endpoint's name leads to an address that may not be called."""

    kind = "address_refused"
    permanent = True
    pauses = ENDPOINT


def outcome_of(*, text: str, refused: bool, filtered: bool, cut_off: bool) -> str:
    """Return what kind of answer it is; the first that holds, in this order."""
    if refused:
        return REFUSED
    if filtered:
        return FILTERED
    if not text.strip():
        return EMPTY
    return CUT_OFF if cut_off else ANSWERED
