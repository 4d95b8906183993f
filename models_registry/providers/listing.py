"""The models an endpoint says it has: the same call at OpenAI-compatible ones and at Anthropic's."""

from models_registry.providers.http import CheckedClient, get_json, short_text

MOST_NAMES = 1000


async def list_names(client: CheckedClient, *, deadline: float) -> list[str]:
    """Return the names that GET {base}/models lists, none where the list has another shape.

    Raises `ProviderError` when there is no answer.
    """
    body = (await get_json(client, "models", deadline=deadline)).body
    listed = body.get("data")
    found = listed[:MOST_NAMES] if isinstance(listed, list) else []
    names = (short_text(one.get("id")) for one in found if isinstance(one, dict))
    return [name for name in names if name.strip() and name.isprintable()]
