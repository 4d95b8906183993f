"""Whether an answer comes from the model that was asked for (pure)."""

import re
from collections.abc import Collection

# What vendors add to a name when they answer: a date, a snapshot, a tag, a build.
_ADDED = re.compile(
    r"(?:[-@:_.](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|latest|preview|beta|exp|fp\d+|v\d+(?:\.\d+)*|q\d\w*|gguf|awq|gptq))+$"
)
_WEIGHTS = re.compile(r"\.(?:gguf|ggml|bin|safetensors)$")


def same_model(asked: str, answered: str, accepted: Collection[str] = ()) -> bool:
    """Say whether `answered` names the model `asked`, or one of the names that were `accepted`.

    A vendor's prefix, letter case, the folder of a file, and an added date, snapshot or tag make no
    difference; any other difference does. An endpoint that names no model is taken at its word.
    """
    if not answered or answered in accepted:
        return True
    one, other = _bare(asked), _bare(answered)
    if one == other:
        return True
    # Only the answer may be more exact than the question: a pinned snapshot is not another one.
    return _ADDED.sub("", other) == (_ADDED.sub("", one) if one.endswith("latest") else one)


def _bare(name: str) -> str:
    name = _WEIGHTS.sub("", name.strip().casefold())
    return re.split(r"[/\\]", name)[-1].replace("models:", "")
