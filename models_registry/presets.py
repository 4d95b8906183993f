"""Known models and how to reach them, each fact with its source (pure)."""

from dataclasses import dataclass, field
from typing import Any

UNDISCLOSED = "undisclosed"
LLAMA2_SOURCE = (
    "Touvron et al. 2023, Llama 2: Open Foundation and Fine-Tuned Chat Models, arXiv:2307.09288, "
    "and its model card"
)
GPT4_SOURCE = (
    "OpenAI 2023, GPT-4 Technical Report, arXiv:2303.08774, which discloses no size or "
    "architecture; context and price of the 8K model as announced 2023-03-14"
)
GPT35_SOURCE = (
    "OpenAI, model documentation of gpt-3.5-turbo (16,385 tokens since -1106) and the announcement "
    "of 2023-03-01; price as announced 2024-01-25; size and architecture are not disclosed"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One usual way to reach a model: server, base URL, and the name it has there."""

    server: str
    kind: str
    base_url: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class SuggestedPrice:
    """A published price in US dollars per million tokens; check it against your contract."""

    valid_from: str
    input_per_million: str
    output_per_million: str


@dataclass(frozen=True, slots=True)
class Preset:
    """What to fill in when registering a known model."""

    slug: str
    name: str
    publisher: str
    licence: str
    architecture: str
    parameters: str
    context_tokens: int
    released_on: str
    source: str
    routes: tuple[Route, ...]
    prices: tuple[SuggestedPrice, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def _llama2(size: str, detail: str) -> Preset:
    lower = size.lower()
    return Preset(
        slug=f"llama-2-{lower}-chat",
        name=f"LLaMA-2-Chat {size}",
        publisher="Meta",
        licence="Llama 2 Community License",
        architecture=f"dense decoder-only transformer, {detail}",
        parameters=size,
        context_tokens=4096,
        released_on="2023-07-18",
        source=LLAMA2_SOURCE,
        routes=(
            Route(
                "vLLM",
                "openai_chat",
                "http://127.0.0.1:8000/v1",
                f"meta-llama/Llama-2-{lower}-chat-hf",
            ),
            # llama-server answers for the one model it was started with, whatever name is sent.
            Route("llama.cpp", "openai_chat", "http://127.0.0.1:8080/v1", f"llama-2-{lower}-chat"),
            Route("Ollama", "openai_chat", "http://127.0.0.1:11434/v1", f"llama2:{lower}-chat"),
        ),
        settings={"temperature": 0.7, "max_tokens": 1024},
    )


def _openai(remote_name: str) -> tuple[Route, ...]:
    return (Route("OpenAI", "openai_chat", "https://api.openai.com/v1", remote_name),)


PRESETS: tuple[Preset, ...] = (
    _llama2("7B", "multi-head attention"),
    _llama2("13B", "multi-head attention"),
    _llama2("70B", "grouped-query attention"),
    Preset(
        slug="gpt-4",
        name="GPT-4",
        publisher="OpenAI",
        licence="proprietary, API only",
        architecture=UNDISCLOSED,
        parameters=UNDISCLOSED,
        context_tokens=8192,
        released_on="2023-03-14",
        source=GPT4_SOURCE,
        routes=_openai("gpt-4"),
        prices=(SuggestedPrice("2023-03-14", "30", "60"),),
        settings={"temperature": 0.7, "max_tokens": 1024},
    ),
    Preset(
        slug="gpt-3-5-turbo",
        name="GPT-3.5 Turbo",
        publisher="OpenAI",
        licence="proprietary, API only",
        architecture=UNDISCLOSED,
        parameters=UNDISCLOSED,
        context_tokens=16385,
        released_on="2023-03-01",
        source=GPT35_SOURCE,
        routes=_openai("gpt-3.5-turbo"),
        prices=(SuggestedPrice("2024-01-25", "0.50", "1.50"),),
        settings={"temperature": 0.7, "max_tokens": 1024},
    ),
)
