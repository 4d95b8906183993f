"""Layouts of the field beside the platform's own: what is joined, what is taken as messages."""

import json

import pytest

from core.errors import InputError
from prompts.readers import read_prompts

USER = {"role": "user", "content": "Hello?"}


def rows_of(*objects):
    data = "\n".join(json.dumps(one) for one in objects).encode()
    return list(read_prompts(data, filename="prompts.jsonl").rows)


def test_a_context_beside_an_instruction_is_asked_with_it_and_its_category_kept():
    told = {"instruction": "Sum up.", "context": "A long text.", "response": "-", "category": "qa"}
    [row] = rows_of(told)
    assert row.messages == [{"role": "user", "content": "Sum up.\n\nA long text."}]
    assert row.category == "qa"
    assert row.reference_answer is None


def test_a_known_layout_may_carry_a_language_and_tags_of_the_platform_beside():
    [row] = rows_of({"instruction": "Dis bonjour.", "language": "fr", "risk_tags": ["violence"]})
    assert (row.language, list(row.risk_tags)) == ("fr", ["violence"])


def test_a_column_of_the_platform_s_own_goes_before_a_layout_of_the_field():
    [row] = rows_of({"instruction": "Judge mildly.", "input": "x", "prompt": "Hello?"})
    assert row.messages == [USER]


def test_a_header_may_begin_like_a_binary_file():
    read = read_prompts(b"ORCID,prompt\n1,Hello?\n", filename="prompts.csv")
    assert [row.messages for row in read.rows] == [[USER]]


@pytest.mark.parametrize(
    "told",
    [
        {"prompt": [USER], "chosen": "x", "rejected": "y"},
        {"conversations": [{"from": "human", "value": "Hello?"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}]},
        {"question_id": "a", "turns": [{"content": "Hello?"}]},
    ],
    ids=["conversational prompt", "from and value", "parts of text", "turns as objects"],
)
def test_other_ways_to_write_messages_give_the_same_prompt(told):
    [row] = rows_of(told)
    assert row.messages == [USER]


def test_speakers_named_human_and_gpt_take_turns_as_user_and_assistant():
    said = [("human", "Hi."), ("gpt", "Hello."), ("human", "Bye.")]
    [row] = rows_of({"conversations": [{"from": who, "value": text} for who, text in said]})
    assert [one["role"] for one in row.messages] == ["user", "assistant", "user"]
    assert row.kind == "fixed_history"


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "image_url", "image_url": {"url": "x"}}],
        [{"type": "text"}],
        [{"type": "text", "text": "Look:"}, {"type": "image"}],
        ["Hello?"],
        [{}],
        [],
    ],
)
def test_refuses_parts_that_are_not_text(content):
    [error] = rows_of({"messages": [{"role": "user", "content": content}]})
    assert isinstance(error, InputError)
    assert error.row == 1


@pytest.mark.parametrize("who", [["human"], {"a": 1}, None, 3, "narrator", ""])
def test_refuses_speakers_it_does_not_know(who):
    [error] = rows_of({"conversations": [{"from": who, "value": "Hello?"}]})
    assert isinstance(error, InputError)


def test_says_only_once_which_column_may_be_meant():
    with pytest.raises(Exception, match="question") as raised:
        rows_of({"question": "Why?", "answer": "So."})
    message = raised.value.errors[0].message + (raised.value.errors[0].hint or "")
    assert message.count("Did you mean") == 1
