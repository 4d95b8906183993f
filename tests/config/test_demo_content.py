"""The demo's written content: complete, valid, of four different characters, and naming nobody real."""

import datetime as dt
import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from config.demo import endpoint
from core.identity import asks_identity, names_maker
from core.strict_json import strict_json

HERE = Path(endpoint.__file__).parent
CRITERIA = ("helpfulness", "harmlessness", "truthfulness")
PROMPTS = [strict_json(line) for line in (HERE / "prompts.jsonl").read_bytes().splitlines()]
ANSWERS = [strict_json(line) for line in (HERE / "answers.jsonl").read_bytes().splitlines()]
MODELS = strict_json((HERE / "models.json").read_bytes())
NAMES = [model["name"] for model in MODELS]
# Words of the field that would name a real maker or model; matched as whole words.
REAL = re.compile(
    r"(?<!\w)(?:openai|(?:chat)?gpt(?:-?\d\w*)?|claude|anthropic|gemini|gemma|bard|google|deepmind"
    r"|llama|meta[ _]?ai|facebook|mistral|mixtral|qwen|alibaba|deepseek|cohere|command[ -]r"
    r"|grok|xai|microsoft|copilot|phi-\d|nvidia|nemotron|falcon|vicuna|alpaca|koala|yi-\d+b|kimi"
    r"|ernie|baidu|tencent|hunyuan|zhipu|chatglm|amazon|nova|apple|ibm|granite|hugging ?face)(?!\w)",
    re.IGNORECASE,
)
INVENTED = re.compile(
    "|".join(sorted({word for m in MODELS for word in (m["publisher"], m["name"].split("-")[0])})),
    re.IGNORECASE,
)


def user_turns(prompt):
    return prompt.get("turns") or [m["content"] for m in prompt["messages"] if m["role"] == "user"]


def prompt_kinds():
    return Counter(
        "own_conversation"
        if "turns" in prompt
        else ("fixed_history" if len(prompt["messages"]) > 1 else "single")
        for prompt in PROMPTS
    )


def means():
    return {
        name: {
            key: sum(a["quality"][key] for a in ANSWERS if a["model"] == name) / len(PROMPTS)
            for key in CRITERIA
        }
        for name in NAMES
    }


def every_text():
    return [text for answer in ANSWERS for text in answer["turns"]]


def test_there_are_enough_prompts_and_each_has_its_own_id_and_its_own_words():
    assert len(PROMPTS) >= 64
    assert len({prompt["id"] for prompt in PROMPTS}) == len(PROMPTS)
    # The endpoint finds its answer by what the user said.
    assert len({tuple(user_turns(prompt)) for prompt in PROMPTS}) == len(PROMPTS)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt["id"])
def test_a_prompt_has_the_fields_of_an_upload(prompt):
    body = "turns" if "turns" in prompt else "messages"
    assert set(prompt) == {
        "id",
        body,
        "category",
        "domain",
        "language",
        "risk_tags",
        "reference_answer",
        "criteria",
    }
    assert re.fullmatch(r"[a-z]+-\d\d", prompt["id"])
    assert re.fullmatch(r"[a-z]{2}", prompt["language"])
    assert prompt["category"]
    assert prompt["domain"]
    assert prompt["reference_answer"] is None or prompt["reference_answer"].strip()
    assert prompt["criteria"] == []
    if body == "turns":
        assert len(prompt["turns"]) >= 2
        assert all(text.strip() for text in prompt["turns"])
    else:
        roles = [message["role"] for message in prompt["messages"]]
        assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
        assert roles[-1] == "user"
        assert all(message["content"].strip() for message in prompt["messages"])


def test_both_kinds_of_multi_turn_prompts_are_there():
    kinds = prompt_kinds()
    assert kinds["fixed_history"] >= 6
    assert kinds["own_conversation"] >= 4


def test_the_languages_are_many_and_two_of_them_run_from_right_to_left():
    languages = Counter(prompt["language"] for prompt in PROMPTS)
    assert {"en", "de", "fr", "es", "ja", "zh", "ar", "he", "hi"} <= set(languages)
    assert languages["en"] > len(PROMPTS) / 2
    by_id = {prompt["id"]: prompt["language"] for prompt in PROMPTS}
    for language, script in (("ar", r"[\u0600-\u06ff]"), ("he", r"[\u0590-\u05ff]")):
        texts = [t for a in ANSWERS if by_id[a["prompt"]] == language for t in a["turns"]]
        assert texts
        assert all(re.search(script, text) for text in texts)


def test_domains_and_mild_risks_are_varied():
    assert len({prompt["domain"] for prompt in PROMPTS}) >= 12
    tags = {tag for prompt in PROMPTS for tag in prompt["risk_tags"]}
    assert {"illicit", "medical", "privacy", "self-harm"} <= tags


def test_every_prompt_has_one_answer_of_each_model_and_no_answer_is_left_over():
    pairs = [(answer["prompt"], answer["model"]) for answer in ANSWERS]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == set(itertools.product([p["id"] for p in PROMPTS], NAMES))


def test_every_model_turn_is_answered():
    turns = {prompt["id"]: len(prompt.get("turns", [None])) for prompt in PROMPTS}
    assert [a for a in ANSWERS if len(a["turns"]) != turns[a["prompt"]]] == []


def test_grades_are_whole_numbers_from_0_to_4_on_the_three_criteria():
    for answer in ANSWERS:
        assert set(answer) == {"prompt", "model", "turns", "quality", "finish_reason"}
        assert tuple(answer["quality"]) == CRITERIA
        assert all(type(g) is int and 0 <= g <= 4 for g in answer["quality"].values())


def test_no_two_answers_share_the_judged_text():
    # The simulated raters find the grades by it.
    assert len({answer["turns"][-1] for answer in ANSWERS}) == len(ANSWERS)


def test_each_criterion_ranks_the_models_in_another_order():
    table = means()
    orders = {key: sorted(NAMES, key=lambda name: -table[name][key]) for key in CRITERIA}
    assert orders["helpfulness"][0] == "harbor-large"
    assert orders["harmlessness"][0] == "thistledown-chat"
    assert orders["harmlessness"][-1] == "harbor-large"
    assert orders["truthfulness"][-1] == "quillon-7"
    assert len({tuple(order) for order in orders.values()}) == 3
    for key in CRITERIA:
        grades = [row[key] for row in table.values()]
        assert max(grades) - min(grades) > 0.8


def test_empty_filtered_cut_off_and_short_answers_occur():
    reasons = Counter(answer["finish_reason"] for answer in ANSWERS)
    assert set(reasons) == {"stop", "length", "content_filter"}
    assert reasons["length"] >= 2
    for answer in ANSWERS:
        empty = any(not text.strip() for text in answer["turns"])
        assert empty == (answer["finish_reason"] == "content_filter")
    assert sum(len(text.split()) < 15 for text in every_text()) >= 20
    assert sum(len(text.split()) > 100 for text in every_text()) >= 50


def test_tables_lists_code_and_formulas_occur_and_every_fence_is_closed():
    texts = every_text()
    assert sum("```" in text for text in texts) >= 15
    assert sum("$$" in text for text in texts) >= 15
    assert sum(bool(re.search(r"^\|[-:| ]+\|$", text, re.MULTILINE)) for text in texts) >= 15
    assert sum(bool(re.search(r"^(?:\d\.|[-*]) ", text, re.MULTILINE)) for text in texts) >= 25
    for text in texts:
        assert text.count("```") % 2 == 0
        assert text.count("$$") % 2 == 0


def test_no_real_vendor_or_model_is_named_anywhere():
    written = [*every_text(), *(text for p in PROMPTS for text in user_turns(p))]
    written.append(json.dumps(MODELS))
    found = [hit[0] for text in written if (hit := REAL.search(text))]
    assert found == []
    assert not any(names_maker(text) for text in every_text())


def test_exactly_two_answers_name_their_maker():
    publishers = {model["name"]: model["publisher"] for model in MODELS}
    naming = [a for a in ANSWERS if any(INVENTED.search(text) for text in a["turns"])]
    assert len(naming) == 2
    assert len({answer["model"] for answer in naming}) == 2
    for answer in naming:
        assert publishers[answer["model"]] in answer["turns"][-1]


def test_no_prompt_asks_a_model_who_it_is():
    assert not any(asks_identity(text) for p in PROMPTS for text in user_turns(p))


def test_the_models_are_described():
    assert len(NAMES) == len(set(NAMES)) == 4
    for model in MODELS:
        assert set(model) == {
            "name",
            "display_name",
            "publisher",
            "licence",
            "parameters",
            "context_tokens",
            "released_on",
            "description",
            "system_prompt",
            "settings",
        }
        assert model["system_prompt"] == ""
        assert model["description"].endswith(".")
        assert model["context_tokens"] > 0
        assert dt.date.fromisoformat(model["released_on"]).year >= 2024
        assert 0 <= model["settings"]["temperature"] <= 2
        # No answer is cut off by the setting: those that are were written so.
        assert model["settings"]["max_tokens"] >= 512


def test_the_files_are_small_and_written_as_they_read():
    files = [HERE / name for name in ("prompts.jsonl", "answers.jsonl", "models.json")]
    assert sum(file.stat().st_size for file in files) < 350_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.endswith("\n")
        assert not re.search(r"(?<!\\)\\u[0-9a-f]{4}", text)
        assert "\ufffd" not in text


def test_the_endpoint_gives_each_model_turn_its_written_reply():
    written = {(a["prompt"], a["model"]): a for a in ANSWERS}
    for prompt, model in itertools.product(PROMPTS[::7] + PROMPTS[-8:], NAMES):
        answer = written[prompt["id"], model]
        messages = list(prompt.get("messages", []))
        for number, text in enumerate(answer["turns"]):
            if "turns" in prompt:
                messages.append({"role": "user", "content": prompt["turns"][number]})
            choice = endpoint.complete({"model": model, "messages": messages})["choices"][0]
            assert choice["message"]["content"] == text
            assert choice["finish_reason"] == answer["finish_reason"]
            messages.append({"role": "assistant", "content": text})
