"""Twins: models whose answers are the same to the byte, and whether anything else tells them apart.

`features` turns all that a rater can observe of one assignment into numbers; `accuracy` is how often
a classifier trained on them names the model shown as A (multinomial logistic regression, five-fold
cross-validation). `LEAKS` are ways in which a server could betray the model; the audit is believed
only if it finds each of them.
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

TWINS = 8
CHANCE = 1 / TWINS
FOLDS, STEPS, RIDGE, RATE = 5, 60, 3.0, 0.5
POWERS, MARGIN = 40, 1.05  # powers come close to the largest curvature from below
BUCKETS = 32
RARE = 8  # a value seen in fewer observations than this says nothing that carries over
TOKEN = re.compile(rb"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True)
class Seen:
    """What a rater observes of one assignment: of the API's two answers, and of the page."""

    body: Mapping[str, Any]
    raw: bytes
    headers: Mapping[str, str]
    recorded: Mapping[str, Any]
    page: str
    next_ms: float
    submit_ms: float
    at: float  # seconds since the audit began


@dataclass(frozen=True)
class Twin:
    """The truth behind one observation: the place of the model shown as A among the twins, and ids."""

    a: int
    b: int
    completion_a: int
    comparison: int


def written(twin: int, position: int) -> str:
    """Return a twin's answer as its provider gave it: blank space around it, and ends of lines, differ."""
    before = ("", " ", "\n\n", "\n ")[twin % 4]
    after = ("", "\n", "  ", "\r\n")[twin // 2]
    text = (
        f"{before}To question {position} both say **the same**, in one list:\n\n- one\n- two{after}"
    )
    return text.replace("\n", "\r\n") if twin in {3, 6} else text


def threshold(n: int) -> float:
    """Return what a classifier that knows nothing stays under in all but one audit in 700."""
    return CHANCE + 3 * float(np.sqrt(CHANCE * (1 - CHANCE) / n))


# ---- features -------------------------------------------------------------------------------------


def features(seen: Seen) -> dict[str, float | str]:
    """Return every observable by name: numbers as they are, texts as categories and lengths."""
    found: dict[str, float | str] = {
        "size": float(len(seen.raw)),
        "next ms": seen.next_ms,
        "submit ms": seen.submit_ms,
        "log next ms": float(np.log(seen.next_ms + 0.01)),
        "at": seen.at,
        "page size": float(len(seen.page)),
    }
    for name, value in seen.headers.items():
        found[f"header {name}"] = value
        found[f"header {name} size"] = float(len(value))
    for kind, content in (("next", seen.body), ("recorded", seen.recorded)):
        for path, value in _leaves(content, kind):
            found |= _facts(path, value)
    found |= _page_facts(seen.page)
    return found


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        listed = [leaf for key, one in value.items() for leaf in _leaves(one, f"{path}.{key}")]
        return [(f"{path} keys", " ".join(map(str, value))), *listed]
    if isinstance(value, list | tuple):
        listed = [leaf for at, one in enumerate(value) for leaf in _leaves(one, f"{path}.{at}")]
        return [(f"{path} length", len(value)), *listed]
    return [(path, value)]


def _facts(path: str, value: Any) -> dict[str, float | str]:
    if isinstance(value, bool) or value is None:
        return {path: str(value)}
    if isinstance(value, int | float):
        return {path: float(value), f"{path} as text": str(value)}
    text = str(value)
    found: dict[str, float | str] = {path: text, f"{path} size": float(len(text))}
    if path.endswith((".token", ".id")):
        found |= {f"{path} at {at}": float(ord(one)) for at, one in enumerate(text)}
        found |= {f"{path} is {at}": one for at, one in enumerate(text[:6])}
        found[f"{path} sum"] = float(sum(map(ord, text)))
        del found[path]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return found
    del found[path]
    found[f"{path} seconds"] = moment.timestamp() % 86_400
    found[f"{path} fraction"] = float(moment.microsecond)
    found[f"{path} last digits"] = str(moment.microsecond % 10)
    return found


class _Outline(HTMLParser):
    """Tags, attributes and comments of a page, without its words."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        masked = [(name, TOKEN.sub(b"T", (value or "").encode()).decode()) for name, value in attrs]
        self.found += [tag, *(f"{tag} {name}={value}" for name, value in masked if name != "value")]
        self.found += [
            f"{tag} {name}={value}"
            for name, value in masked
            if name == "value" and dict(masked).get("name") != "csrfmiddlewaretoken"
        ]

    def handle_comment(self, data: str) -> None:
        self.found.append(f"comment {data}")


@lru_cache(maxsize=4_096)  # most leaks leave the page as it was
def _page_facts(page: str) -> dict[str, float | str]:
    outline = _Outline()
    outline.feed(page)
    facts: dict[str, float | str] = {f"page {one}": 1.0 for one in set(outline.found)}
    facts["page outline"] = str(zlib.crc32("\n".join(outline.found).encode()))
    facts["page spaces"] = float(page.count(" "))
    return facts


def matrix(observed: Sequence[Mapping[str, float | str]]) -> np.ndarray:
    """Return (n, F): each number scaled, its rank, and a column for each value that is not rare."""
    names = sorted({name for one in observed for name in one})
    columns = []
    for name in names:
        values = [one.get(name) for one in observed]
        numbers = [np.nan if not isinstance(one, float) else one for one in values]
        column = np.array(numbers, dtype=float)
        known = np.isfinite(column)
        if known.any():
            filled = np.where(known, column, 0.0)
            ranks = np.argsort(np.argsort(filled, kind="stable"), kind="stable")
            columns += [filled, ranks.astype(float), known.astype(float)]
        texts = [one if isinstance(one, str) else "" for one in values]
        kept = _common(texts)
        columns += [np.array([text == value for text in texts], dtype=float) for value in kept]
    table = np.stack(columns, axis=1)
    spread = table.std(axis=0)
    table = table[:, spread > 1e-12]
    # Twice the same column would only weigh double.
    table = np.unique((table - table.mean(axis=0)) / table.std(axis=0), axis=1)
    return np.clip(table, -4.0, 4.0)


def _common(texts: Sequence[str]) -> list[str]:
    values, counts = np.unique(np.array(texts, dtype=object).astype(str), return_counts=True)
    if len(values) == 1:
        return []
    order = np.argsort(-counts)[:BUCKETS]
    return [str(values[at]) for at in order if counts[at] >= RARE]


# ---- the classifier -----------------------------------------------------------------------------


def accuracy(table: np.ndarray, truth: np.ndarray, *, seed: int = 0) -> float:
    """Return the share of observations whose model was named, each by a classifier that never saw it."""
    order = np.random.default_rng(seed).permutation(len(truth))
    right = 0
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        trained = np.setdiff1d(order, held)
        weights = _fit(table[trained], truth[trained])
        right += int((_scores(table[held], weights).argmax(axis=1) == truth[held]).sum())
    return right / len(truth)


def _scores(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return table @ weights[:-1] + weights[-1]


def _fit(table: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the weights (F + 1, K) of penalised logistic regression, by steepest descent."""
    n, f = table.shape
    wanted = np.eye(TWINS)[truth]
    weights = np.zeros((f + 1, TWINS))
    # The largest step that surely descends: half the largest curvature of the log-loss.
    curvature = _largest_squared(table) / (2 * n) + RIDGE / n + 0.5
    velocity = np.zeros_like(weights)
    for _ in range(STEPS):
        scores = _scores(table, weights)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        gap = (chances - wanted) / n
        slope = np.vstack([table.T @ gap + RIDGE / n * weights[:-1], gap.sum(axis=0)])
        velocity = 0.9 * velocity - slope / curvature
        weights += velocity
    return weights


def _largest_squared(table: np.ndarray) -> float:
    """Return the square of the largest singular value, by powers: the whole decomposition took minutes."""
    vector = np.ones(table.shape[1]) + np.arange(table.shape[1]) % 7
    size = 1.0
    for _ in range(POWERS):
        vector = table.T @ (table @ (vector / np.linalg.norm(vector)))
        size = float(np.linalg.norm(vector))
    return MARGIN * size


def side_independence(truths: Sequence[Twin]) -> float:
    """Return the p-value of sides and models being independent (chi-squared with K - 1 degrees)."""
    from scipy.stats import chi2

    a = np.bincount([one.a for one in truths], minlength=TWINS)
    b = np.bincount([one.b for one in truths], minlength=TWINS)
    expected = (a + b) / 2
    statistic = float((((a - expected) ** 2 + (b - expected) ** 2) / expected).sum())
    return float(chi2.sf(statistic, TWINS - 1))


def timing(seen: Sequence[Seen], truths: Sequence[Twin]) -> tuple[float, float]:
    """Compare how long raters wait for pairs with a quick twin as A, and with a slow one.

    Returns the p-value of Kolmogorov and Smirnov's test that both are alike, and Cliff's delta.
    """
    from scipy.stats import ks_2samp, mannwhitneyu

    waited = np.array([one.next_ms for one in seen])
    slow = np.array([one.a >= TWINS // 2 for one in truths])
    one, other = waited[slow], waited[~slow]
    above = mannwhitneyu(one, other).statistic / (len(one) * len(other))
    return float(ks_2samp(one, other).pvalue), float(2 * above - 1)


# ---- planted leaks --------------------------------------------------------------------------------

Leak = Callable[[Seen, Twin], Seen]


def _body(seen: Seen, **more: Any) -> Seen:
    return replace(seen, body={**seen.body, **more}, raw=seen.raw + b" " * len(str(more)))


def _side(seen: Seen, **more: Any) -> Seen:
    return replace(seen, body={**seen.body, "a": {**seen.body["a"], **more}})


def _header(seen: Seen, name: str, value: str) -> Seen:
    return replace(seen, headers={**seen.headers, name: value})


def _paged(seen: Seen, text: str) -> Seen:
    return replace(seen, page=seen.page.replace("<main", f"{text}<main", 1))


def _token(seen: Seen, head: str) -> Seen:
    token = head + str(seen.body["token"])[len(head) :]
    return replace(seen, body={**seen.body, "token": token})


def _reordered(seen: Seen, twin: Twin) -> Seen:
    names = list(seen.body)
    return replace(seen, body={name: seen.body[name] for name in np.roll(names, twin.a).tolist()})


def _expires(seen: Seen, twin: Twin) -> Seen:
    moment = datetime.fromisoformat(str(seen.body["expires_at"]))
    return _body(seen, expires_at=moment.replace(microsecond=twin.a * 1_000).isoformat())


LEAKS: Mapping[str, Leak] = {
    "an id that grows with the model": lambda seen, twin: _body(seen, id=twin.completion_a),
    "the answer's id on its side": lambda seen, twin: _side(seen, completion=twin.completion_a),
    "a hash of the model's name": lambda seen, twin: _side(
        seen, ref=f"{zlib.crc32(b'twin %d' % twin.a):08x}"
    ),
    "usage in tokens": lambda seen, twin: _side(seen, tokens=100 + 10 * twin.a),
    "the finish reason": lambda seen, twin: _side(
        seen, finish_reason="stop" if twin.a % 2 else "eos"
    ),
    "a header that names a route": lambda seen, twin: _header(seen, "X-Route", f"r{twin.a}"),
    "a header for half of the models": lambda seen, twin: (
        _header(seen, "X-Cache", "hit") if twin.a < TWINS // 2 else seen
    ),
    "an ETag of the answer": lambda seen, twin: _header(seen, "ETag", f'"{twin.a * 7919:x}"'),
    "timing of the server": lambda seen, twin: _header(
        seen, "Server-Timing", f"db;dur={5 + twin.a}"
    ),
    "a slower answer": lambda seen, twin: replace(seen, next_ms=seen.next_ms + 50 * 3**twin.a),
    "a slower submission": lambda seen, twin: replace(
        seen, submit_ms=seen.submit_ms + 100 * twin.a
    ),
    "a token that begins alike": lambda seen, twin: _token(seen, "ABCDEFGH"[twin.a]),
    "a token in order": lambda seen, twin: _token(seen, chr(65 + 3 * twin.a)),
    "keys in another order": _reordered,
    "a lease that tells": _expires,
    "white space after the answer": lambda seen, twin: _side(
        seen, text=str(seen.body["a"]["text"]).rstrip() + " " * twin.a
    ),
    "padding": lambda seen, twin: replace(seen, raw=seen.raw + b" " * (40 * twin.a)),
    "a class in the page": lambda seen, twin: _paged(seen, f'<div class="m{twin.a}"></div>'),
    "a comment in the page": lambda seen, twin: _paged(seen, f"<!-- {twin.a} -->"),
    "more elements for some models": lambda seen, twin: _paged(seen, "<hr>" * (twin.a % 3)),
}
