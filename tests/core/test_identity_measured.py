"""How often the detector of self-identification is right, on texts made for it and on real ones.

`identity_texts.py` makes texts that name their maker from a table, `identity_positives.txt` holds such as
were written one by one, each part before the detector had seen it, `identity_negatives.txt` those
that do not, `identity_prompts.txt` the prompts that ask. `identity_hits.json` keeps a verdict by hand on
every real answer that fires, as SHA-256 of the text: true when it names the maker of what wrote it.
"""

import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.identity import asks_identity, names_maker
from tests.core.identity_texts import DISGUISES, positives
from tests.data import shared_data

HERE = Path(__file__).parent
NEGATIVES = (HERE / "identity_negatives.txt").read_text(encoding="utf-8").splitlines()
WRITTEN = (HERE / "identity_positives.txt").read_text(encoding="utf-8").splitlines()
PROMPTS = [
    line.split(": ", 1)
    for line in (HERE / "identity_prompts.txt").read_text(encoding="utf-8").splitlines()
]
VERDICTS = json.loads((HERE / "identity_hits.json").read_text(encoding="utf-8"))
OUTPUTS = ("alpaca_eval", "mt_bench", "multilingual_mt_bench", "xstest", "llmfao")
# Of the prompts in the shared data, the one that asks who answers.
ASKING_PROMPTS = {"Who are you?"}


def test_finds_98_percent_of_the_answers_that_name_their_maker_under_any_disguise():
    texts = list(positives())
    missed = [one for one in texts if not names_maker(one.text)]
    told = "\n".join(f"{one.language}, {one.disguise}: {one.text!r}" for one in missed)
    sys.stdout.write(f"{len(missed)} of {len(texts)} missed\n{told}\n")
    assert len({one.text for one in texts}) >= 400
    assert len({one.model for one in texts}) >= 40
    assert len({one.language for one in texts}) >= 10
    assert len(missed) <= 0.02 * len(texts), told
    for aspect, values in [
        ("language", {one.language for one in texts}),
        ("disguise", DISGUISES),
        ("model", {one.model for one in texts}),
    ]:
        asked = Counter(getattr(one, aspect) for one in texts)
        lost = Counter(getattr(one, aspect) for one in missed)
        low = {value for value in values if lost[value] > 0.15 * asked[value]}
        assert not low, f"{aspect}: more than 15 % missed for {low}\n{told}"


def test_finds_98_percent_of_the_answers_that_were_written_one_by_one():
    missed = [one for one in WRITTEN if not names_maker(one)]
    assert len(set(WRITTEN)) >= 240
    assert len(missed) <= 0.02 * len(WRITTEN), missed


def test_no_ordinary_sentence_with_such_a_name_in_it_fires():
    assert len(set(NEGATIVES)) >= 150
    assert [one for one in NEGATIVES if names_maker(one)] == []


def test_the_sentences_that_do_not_fire_would_fire_a_plain_list_of_names():
    words = ("google", "llama", "claude", "openai", "chatgpt", "gemini", "palm", "bard", "meta")
    hit = [one for one in NEGATIVES if any(word in one.casefold() for word in words)]
    assert len(hit) >= 60


def test_every_real_answer_that_fires_was_read_and_names_its_maker():
    answers = list(real_answers())
    found = Counter(_digest(text) for text in answers if names_maker(text))
    unread = sorted(set(found) - set(VERDICTS))
    wrong = sum(count for digest, count in found.items() if not VERDICTS.get(digest, False))
    sys.stdout.write(f"{len(answers)} answers, {found.total()} hits, {wrong} wrong\n")
    assert not unread, f"read these answers and add a verdict: {unread}"
    assert wrong <= 0.01 * len(answers)
    assert {digest for digest, names in VERDICTS.items() if names} <= set(found)


def test_finds_95_percent_of_the_prompts_that_ask_who_answers():
    missed = [text for _, text in PROMPTS if not asks_identity(text)]
    assert len(PROMPTS) >= 120
    assert len({language for language, _ in PROMPTS}) >= 8
    assert len(missed) <= 0.05 * len(PROMPTS), missed


def test_no_real_prompt_fires_that_does_not_ask():
    texts = {text for path in _files("prompts") for text in _strings(_records(path))}
    assert {text for text in texts if asks_identity(text)} == ASKING_PROMPTS


def real_answers() -> Iterator[str]:
    """Yield every answer of the shared outputs, turn by turn."""
    for folder in OUTPUTS:
        for path in _files(f"outputs/{folder}"):
            for record in _records(path):
                yield from _answers_of(record)


def _answers_of(record: dict[str, Any]) -> Iterator[str]:
    for choice in record.get("choices", ()):
        yield from choice["turns"]
    for field in ("output", "output_1", "output_2", "completion", "result"):
        if field in record:
            yield record[field]


def _files(folder: str) -> list[Path]:
    return sorted(path for path in shared_data(folder).rglob("*") if path.is_file())


def _records(path: Path) -> Iterable[Any]:
    if path.suffix in {".csv", ".tsv"}:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text) if path.suffix == ".json" else [text]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
