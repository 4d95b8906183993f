"""Every recognised shape, every bad input of a prompt file, and arbitrary bytes."""

import contextlib
import json
import pickle
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, Invalid, TooLarge, Unsupported
from prompts.readers import read_prompts, read_references
from prompts.records import MAX_CHARACTERS, MAX_ROWS, PromptRow
from tests.data import shared_data


def read(data, filename="prompts.jsonl", **options):
    if isinstance(data, str):
        data = data.encode()
    file = read_prompts(data, filename=filename, **options)
    rows = list(file.rows)
    good = [one for one in rows if isinstance(one, PromptRow)]
    bad = [one for one in rows if isinstance(one, InputError)]
    return file, good, bad


def parquet(columns, **options) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


# ---- real files -------------------------------------------------------------------------------

REAL = [
    ("alpaca_eval/alpaca_eval_first300.json", "json", "alpaca_eval", 300, 0, {"category": 300}),
    ("awkward/blns.json", "json", "strings", 511, 4, {}),
    ("do_not_answer/do_not_answer.csv", "csv", "do_not_answer", 1000, 0, {}),
    ("koala/koala_test_set.jsonl", "jsonl", "own", 180, 0, {"external_id": 180}),
    (
        "legal/consumer_contracts_qa_train.tsv",
        "tsv",
        "legal",
        4,
        0,
        {"external_id": 4, "domain": 4, "reference_answer": 4},
    ),
    (
        "legal/privacy_policy_qa_train.tsv",
        "tsv",
        "legal",
        8,
        0,
        {"external_id": 8, "domain": 8, "reference_answer": 8},
    ),
    ("llmfao/prompts.jsonl", "jsonl", "llmfao", 19, 0, {"external_id": 19, "category": 19}),
    ("mt_bench/question.jsonl", "jsonl", "mt_bench", 80, 0, {"external_id": 80, "category": 80}),
    ("multilingual_mt_bench/de_question.jsonl", "jsonl", "mt_bench", 80, 0, {"category": 80}),
    ("multilingual_mt_bench/fr_question.jsonl", "jsonl", "mt_bench", 80, 0, {"category": 80}),
    ("multilingual_mt_bench/ja_question.jsonl", "jsonl", "mt_bench", 80, 0, {"category": 80}),
    (
        "truthfulqa/TruthfulQA.csv",
        "csv",
        "truthfulqa",
        790,
        0,
        {"category": 790, "reference_answer": 790},
    ),
    ("vicuna_bench/question.jsonl", "jsonl", "mt_bench", 80, 0, {"category": 80}),
    ("vicuna_multilingual/questions_Arabic.jsonl", "jsonl", "vicuna", 80, 0, {"category": 80}),
    (
        "xstest/xstest_prompts.csv",
        "csv",
        "xstest",
        450,
        0,
        {"external_id": 450, "category": 450, "risk_tags": 200},
    ),
]


@pytest.mark.parametrize(("name", "kind", "shape", "n", "n_bad", "told"), REAL)
def test_reads_the_real_file(name, kind, shape, n, n_bad, told):
    path = shared_data(f"prompts/{name}")
    file, good, bad = read(path.read_bytes(), path.name)
    assert (file.format, file.shape, len(good), len(bad)) == (kind, shape, n, n_bad)
    for field, count in told.items():
        assert sum(bool(getattr(one, field)) for one in good) == count, field
    kind = "own_conversation" if "mt_bench" in name else "fixed_history"
    assert Counter(one.kind for one in good) == {kind: n}


def test_blank_naughty_strings_are_named_by_row():
    path = shared_data("prompts/awkward/blns.json")
    _, _, bad = read(path.read_bytes(), path.name)
    assert [(one.row, one.code) for one in bad] == [(n, "blank") for n in (1, 96, 98, 435)]


def test_the_legal_context_comes_before_its_question():
    path = shared_data("prompts/legal/privacy_policy_qa_train.tsv")
    _, good, _ = read(path.read_bytes(), path.name)
    assert good[1].messages == [
        {
            "role": "user",
            "content": "Any research involving your data that has already been performed or published "
            "prior to your withdrawal from 23andMe Research will not be reversed, undone, or "
            "withdrawn.\n\nwill the information be shared with a 3rd party",
        }
    ]
    assert good[1].reference_answer == ["Relevant"]


def test_refuses_markdown_and_reference_files_with_a_reason():
    path = shared_data("prompts/llmfao/crowd-instruction.md")
    with pytest.raises(Unsupported, match=r"\.md files are not taken; upload CSV"):
        read(path.read_bytes(), path.name)
    for bench in ("mt_bench", "vicuna_bench"):
        path = shared_data(f"prompts/{bench}/reference_answer_gpt-4.jsonl")
        with pytest.raises(Invalid, match="reference answers, not prompts"):
            read(path.read_bytes(), path.name)


# ---- shapes -----------------------------------------------------------------------------------

FULL = {
    "id": "a-1",
    "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "And now?"},
    ],
    "category": "chat",
    "domain": "everyday",
    "language": "EN",
    "risk_tags": ["privacy"],
    "reference_answer": "Now this.",
    "criteria": ["helpfulness"],
}


def test_keeps_everything_a_row_of_the_own_shape_tells():
    _, [one], _ = read(json.dumps(FULL))
    assert one == PromptRow(
        row=1,
        external_id="a-1",
        kind="fixed_history",
        messages=FULL["messages"],
        category="chat",
        domain="everyday",
        language="en",
        risk_tags=["privacy"],
        reference_answer=["Now this."],
        criteria=["helpfulness"],
    )


@pytest.mark.parametrize(
    ("row", "kind", "n_messages"),
    [
        ({"prompt": "Hi"}, "fixed_history", 1),
        ({"turns": ["Hi"]}, "fixed_history", 1),
        ({"turns": ["Hi", "More"]}, "own_conversation", 2),
        ({"messages": FULL["messages"][:1]}, "fixed_history", 1),
        ({"messages": [FULL["messages"][0]] * 3}, "own_conversation", 3),
        ({"messages": FULL["messages"]}, "fixed_history", 3),
    ],
)
def test_tells_own_conversations_from_fixed_histories(row, kind, n_messages):
    _, [one], _ = read(json.dumps(row))
    assert (one.kind, len(one.messages)) == (kind, n_messages)


def test_own_rows_may_mix_prompt_turns_and_messages():
    rows = [{"prompt": "One"}, {"turns": ["a", "b"]}, {"messages": FULL["messages"]}]
    _, good, bad = read("\n".join(map(json.dumps, rows)))
    assert (len(good), bad) == (3, [])


def test_a_table_may_hold_turns_and_lists_as_cells():
    table = 'id,turns,risk_tags,reference_answer\n7,"[""a"", ""b""]",x; y,"[""1"", ""2""]"\n'
    _, [one], _ = read(table, "t.csv")
    assert [each["content"] for each in one.messages] == ["a", "b"]
    assert (one.risk_tags, one.reference_answer) == (["x", "y"], ["1", "2"])


def test_named_columns_win_and_the_rest_is_reported():
    table = "Frage;Nr;Thema\nWarum?;1;x\n"
    named = {"prompt": "Frage", "id": "Nr", "category": "Thema"}
    file, [one], _ = read(table, "t.csv", columns=named)
    assert (one.messages[0]["content"], one.external_id, one.category) == ("Warum?", "1", "x")
    file, _, _ = read(table, "t.csv", columns={"prompt": "Frage"})
    assert [warning.column for warning in file.warnings] == ["Nr", "Thema"]


def test_a_near_miss_of_a_column_is_pointed_out():
    file, _, _ = read('{"prompt": "a", "catgory": "b"}')
    assert [one.message for one in file.warnings] == ["It was not used. Did you mean “category”?"]


def test_parquet_reads_like_json():
    table = {
        "id": [1, 2],
        "messages": [[{"role": "user", "content": "Hé"}], FULL["messages"]],
        "category": pa.array(["x", None]).dictionary_encode(),
    }
    file, good, bad = read(parquet(table), "p.parquet")
    assert (file.format, bad) == ("parquet", [])
    assert [(one.external_id, one.category, len(one.messages)) for one in good] == [
        ("1", "x", 1),
        ("2", "", 3),
    ]


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
def test_content_decides_over_the_name(kind):
    data = {
        "csv": b"prompt,id\nHi,1\n",
        "json": b'[{"prompt": "Hi", "id": 1}]',
        "jsonl": b'{"prompt": "Hi", "id": 1}\n{"prompt": "Ho", "id": 2}\n',
        "parquet": parquet({"prompt": ["Hi"], "id": ["1"]}),
    }
    for name in ("x.csv", "x.json", "x.parquet", "x"):
        file, good, bad = read(data[kind], name)
        assert file.format == kind, name
        assert good[0].messages[0]["content"] == "Hi"
        assert bad == []


# ---- a file that is refused as a whole ----------------------------------------------------------

DEEP = "[" * 100_000 + "]" * 100_000
WHOLE = {
    "1 empty": (b"", "a.csv", Invalid, "empty"),
    "2 only a header": (b"prompt,id\n", "a.csv", Invalid, "no rows"),
    "3 only a BOM": (b"\xef\xbb\xbf", "a.json", Invalid, "no rows"),
    "3 only space": (b" \n\n ", "a.csv", Invalid, "no rows"),
    "5 UTF-16": ("prompt\nHi".encode("utf-16"), "a.csv", Invalid, "UTF-16"),
    "5 UTF-32": ("prompt\nHi".encode("utf-32"), "a.csv", Invalid, "UTF-16 or UTF-32"),
    "5 UTF-16 without BOM": ("prompt\nHi".encode("utf-16-le"), "a.csv", Invalid, "UTF-16"),
    "5 UTF-16 the other way": ("prompt\nHi".encode("utf-16-be"), "a.csv", Invalid, "UTF-16"),
    "6 Latin-1": ("prompt\nGrün\n".encode("latin-1"), "a.csv", Invalid, r"Byte 10 \(line 2\)"),
    "12 deep nesting": (DEEP.encode(), "a.json", Invalid, "nested too deeply"),
    "14 trailing garbage": (b'[{"prompt": "a"}] x', "a.json", Invalid, "Something follows"),
    "14 missing bracket": (b'[{"prompt": "a"}', "a.json", Invalid, "bracket is missing"),
    "14 trailing comma": (b'[{"prompt": "a"},]', "a.json", Invalid, "comma stands before"),
    "15 a string": (b'"x"', "a.json", Invalid, "no list of prompts"),
    "15 a number": (b"5", "a.json", Invalid, "no list of prompts"),
    "15 null": (b"null", "a.json", Invalid, "no list of prompts"),
    "15 an object": (b'{"prompt": "x"}', "a.json", Invalid, "no list of prompts"),
    "15 a list of numbers": (b"[1, 2]", "a.json", Invalid, "list of objects or of texts"),
    "15 an empty list": (b"[]", "a.json", Invalid, "no rows"),
    "18 PNG named CSV": (b"\x89PNG\r\n\x1a\n", "a.csv", Unsupported, "PNG"),
    "19 xlsx": (b"PK\x03\x04xl", "a.csv", Unsupported, "ZIP archive or an office"),
    "19 gzip": (b"\x1f\x8b\x08", "a.json", Unsupported, "gzip"),
    "19 pickle": (pickle.dumps([1]), "a.jsonl", Unsupported, "pickle"),
    "19 Feather": (b"FEA1", "a.parquet", Unsupported, "Feather"),
    "19 Arrow": (b"ARROW1\x00\x00", "a.parquet", Unsupported, "Arrow"),
    "19 ORC": (b"ORC\n\x03\x00", "a.csv", Unsupported, "ORC"),
    "19 by name": (b"prompt\nHi\n", "a.xlsx", Unsupported, ".xlsx files are not taken"),
    "19 HTML": (b"<!DOCTYPE html><p>,", "a.csv", Unsupported, "HTML"),
    "20 unterminated quote": (b'prompt\nok\n"swallows\nall\n', "a.csv", Invalid, "never closed"),
    "20 text after a quote": (b'prompt\n"a"b\n', "a.csv", Invalid, "quoting is broken"),
    "21 a huge cell": (b"prompt\n" + b"x" * 131_073, "a.csv", Invalid, "more than 131,072"),
    "24 duplicate header": (b"prompt,Prompt\na,b\n", "a.csv", Invalid, "same name.*'Prompt'"),
    "24 blank header": (b"prompt,\na,b\n", "a.csv", Invalid, "a column has no name"),
    "24 padded header": (b"prompt, id\na,b\n", "a.csv", Invalid, "white space"),
    "24 51 columns": (",".join(map(str, range(51))).encode() + b"\n1", "a.csv", Invalid, "51"),
    "25 Prompt": (b"Prompt\na\n", "a.csv", Invalid, "Did you mean “Prompt”"),
    "25 text": (b"text,id\na,1\n", "a.csv", Invalid, "prompt=text"),
    "25 promt": (b'{"promt": "a"}', "a.jsonl", Invalid, "Did you mean “promt”"),
    "25 nothing alike": (b"x,y\na,b\n", "a.csv", Invalid, "No column holds the prompts"),
    "38 cut Parquet": (parquet({"prompt": ["a"]})[:-9], "a.parquet", Invalid, "cut off"),
    "38 broken Parquet": (b"PAR1" + b"\x00" * 40 + b"PAR1", "a.parquet", Invalid, "cannot be read"),
    "38 encrypted": (b"PARE" + b"\x00" * 40 + b"PARE", "a.parquet", Unsupported, "encrypted"),
    "38 columns": (
        parquet({f"c{n}": ["x"] for n in range(51)}),
        "a.parquet",
        TooLarge,
        "51 columns",
    ),
    "38 binary prompt": (parquet({"prompt": [b"a"]}), "a.parquet", Invalid, "holds binary"),
    "39 timestamp prompt": (
        parquet(
            {"prompt": pa.array([1], pa.timestamp("ns"))}, use_deprecated_int96_timestamps=True
        ),
        "a.parquet",
        Invalid,
        "holds timestamp",
    ),
}


@pytest.mark.parametrize(("data", "name", "kind", "message"), WHOLE.values(), ids=WHOLE)
def test_refuses_the_file(data, name, kind, message):
    with pytest.raises(kind, match=message) as refused:
        read(data, name)
    assert all(isinstance(one, InputError) for one in refused.value.errors)


def test_an_error_of_quoting_or_json_names_its_row():
    with pytest.raises(Invalid) as refused:
        read(b'prompt\nok\nok\n"swallows\nall\n', "a.csv")
    assert refused.value.errors[0].row == 4
    with pytest.raises(Invalid) as refused:
        read(b'[{"prompt": "a"},\n{"prompt": b}]', "a.json")
    assert refused.value.errors[0].row == 2
    assert "line 2, character 12" in refused.value.message


# ---- rows that are refused ----------------------------------------------------------------------

ROWS = {
    "7 NUL in CSV": (b"prompt\nok\na\x00b\n", "a.csv", "nul", 3),
    "8 lone surrogate": (b'{"prompt": "ok"}\n{"prompt": "\\ud800"}', "a.jsonl", "not_json", 2),
    "8 in a list": (b'["ok", "\\ud800"]', "a.json", "surrogate", 2),
    "9 NUL in metadata": (b'{"prompt": "ok"}\n{"prompt": "a", "x": {"y": ["\\u0000"]}}', "a.jsonl", "not_json", 2),
    "10 NaN": (b'{"prompt": "ok"}\n{"prompt": "a", "x": NaN}', "a.jsonl", "not_json", 2),
    "10 1e999": (b'[{"prompt": "ok"}, {"prompt": "a", "x": [1e999]}]', "a.json", "not_json", 2),
    "11 duplicate key": (b'[{"prompt": "ok"}, {"prompt": "a", "prompt": "b"}]', "a.json", "not_json", 2),
    "12 deep line": (b'{"prompt": "ok"}\n' + DEEP.encode(), "a.jsonl", "not_json", 2),
    "13 long integer": (b'{"prompt": "ok"}\n{"prompt": "a", "x": ' + b"9" * 5000 + b"}", "a.jsonl", "not_json", 2),
    "14 two documents": (b'{"prompt": "ok"}\n{"prompt": "a"} {"prompt": "b"}', "a.jsonl", "not_json", 2),
    "15 not an object": (b'{"prompt": "ok"}\n5', "a.jsonl", "not_an_object", 2),
    "17 broken line": (b'{"prompt": "ok"}\n\n{"prompt": }', "a.jsonl", "not_json", 3),
    "23 too few cells": (b"prompt,id\nok,1\nonly\n", "a.csv", "ragged", 3),
    "23 too many cells": (b"prompt,id\nok,1\na,2,3\n", "a.csv", "ragged", 3),
    "27 empty": (b'{"prompt": "ok"}\n{"prompt": ""}', "a.jsonl", "blank", 2),
    "27 zero width": ('{"prompt": "ok"}\n{"prompt": "\u200b\u2060 \u3000"}'.encode(), "a.jsonl", "blank", 2),
    "27 empty cell": (b"prompt,id\nok,1\n,2\n", "a.csv", "blank", 3),
    "28 number": (b'{"prompt": "ok"}\n{"prompt": 5}', "a.jsonl", "not_text", 2),
    "28 list": (b'{"prompt": "ok"}\n{"prompt": ["a"]}', "a.jsonl", "not_text", 2),
    "28 null": (b'{"prompt": "ok"}\n{"prompt": null}', "a.jsonl", "not_text", 2),
    "28 bool among texts": (b'["ok", true]', "a.json", "not_text", 2),
    "29 too long": (json.dumps([{"prompt": "ok"}, {"prompt": "x" * 32_001}]).encode(), "a.json", "too_long", 2),
    "29 long in all": (json.dumps([{"turns": ["ok"]}, {"turns": ["x" * 20_000] * 2}]).encode(), "a.json", "too_long", 2),
    "missing": (b'{"prompt": "ok"}\n{"category": "b"}', "a.jsonl", "missing_prompt", 2),
    "both": (b'{"prompt": "ok"}\n{"prompt": "a", "turns": ["b"]}', "a.jsonl", "two_prompts", 2),
    "id of wrong type": (b'{"id": "1", "prompt": "ok"}\n{"id": true, "prompt": "a"}', "a.jsonl", "id", 2),
    "id absent": (b'{"id": "1", "prompt": "ok"}\n{"prompt": "a"}', "a.jsonl", "id", 2),
    "language": (b"prompt,language\nok,en\na,Englisch!\n", "a.csv", "language", 3),
    "criterion": (b"prompt,criteria\nok,truthfulness\na,Is it good?\n", "a.csv", "criterion", 3),
    "system": (b"system,prompt,answer\n,ok,\nBe rude,a,\n", "a.csv", "system_prompt", 3),
    "assistant last": (
        b'[{"prompt": "ok"}, {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]',
        "a.json", "messages", 2,
    ),
    "unknown role": (b'[{"prompt": "ok"}, {"messages": [{"role": "tool", "content": "a"}]}]', "a.json", "messages", 2),
    "turns no list": (b'[{"turns": ["ok"]}, {"turns": "a"}]', "a.json", "turns", 2),
    "too many references": (b'[{"prompt": "ok"}, {"prompt": "a", "reference": ["1", "2"]}]', "a.json", "reference_answer", 2),
    "null in Parquet": (parquet({"prompt": ["ok", None]}), "a.parquet", "not_text", 2),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name", "code", "row"), ROWS.values(), ids=ROWS)
def test_refuses_the_row_and_says_where(data, name, code, row):
    _, good, [error] = read(data, name)
    assert [one.messages[0]["content"] for one in good] == ["ok"]
    assert (error.code, error.row) == (code, row)
    assert error.message.endswith(".")


def test_line_4217_of_10000_is_named():
    lines = ['{"prompt": "ok"}'] * 10_000
    lines[4216] = '{"prompt": "broken'
    _, good, [error] = read("\n".join(lines))
    assert (len(good), error.row) == (9_999, 4217)


# ---- what is accepted as it is ------------------------------------------------------------------

TEXTS = {
    "26 markup": "=cmd|' /C calc'!A0 <script>alert(1)</script>",
    "40 bidi": "a \u202e b",
    "41 tags": "a \U000e0041",
    "42 zalgo": "Z" + "\u0300" * 200,
    "44 img": "<img src=x onerror=alert(1)>",
    "45 formula": '=HYPERLINK("http://example.com")',
    "50 braces": "{{7*7}} {0.__class__} %s",
    "padding": "  kept \r\n as it is \t",
    "longest": "x" * MAX_CHARACTERS,
    "line separator": "a\u2028b\x85c",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "strings"])
def test_keeps_unusual_texts_to_the_letter(kind, text):
    quoted = text.replace('"', '""')
    data = {
        "csv": f'prompt,id\n"{quoted}",1\n',
        "json": json.dumps([{"prompt": text}], ensure_ascii=False),
        "jsonl": json.dumps({"prompt": text}, ensure_ascii=False),
        "strings": json.dumps([text]),
    }[kind]
    _, [one], _ = read(data, f"a.{kind.replace('strings', 'json')}")
    assert one.messages == [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xef\xbb\xbfprompt,id\nHi,1\n", "a.csv"),
        (b'\xef\xbb\xbf[{"prompt": "Hi"}]', "a.json"),
        (b"prompt;id\nHi;1\n", "a.csv"),
        (b"prompt\tid\nHi\t1\n", "a.csv"),
        (b"prompt,id\rHi,1\r", "a.csv"),
        (b"prompt,id\r\n\r\nHi,1\r\n\r\n", "a.csv"),
        (b'\n\n{"prompt": "Hi"}\n\n', "a.jsonl"),
        (b'{"prompts": [{"prompt": "Hi"}], "about": 1}', "a.json"),
        (b"prompt\nHi\n", ""),
    ],
)
def test_takes_marks_separators_and_blank_lines_as_they_come(data, name):
    _, [one], bad = read(data, name)
    assert (one.messages[0]["content"], bad) == ("Hi", [])


def test_stops_reading_past_the_limit_of_rows():
    lines = b'{"prompt": "a"}\n' * (MAX_ROWS + 1)
    with pytest.raises(TooLarge, match="100,000 rows"):
        read(lines)
    with pytest.raises(TooLarge, match="100,001 rows"):
        read(parquet({"prompt": ["a"] * (MAX_ROWS + 1)}), "a.parquet")


def test_a_parquet_bomb_dies_in_its_child():
    # 100,000 references to one text of 20 kB: a small file, two gigabytes decoded.
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 20_000])
    bomb = parquet({"prompt": texts}, compression="zstd")
    assert len(bomb) < 1_000_000
    with pytest.raises(TooLarge, match=r"decodes to more|memory"):
        read(bomb, "a.parquet")


def test_a_forged_parquet_footer_is_refused():
    data = bytearray(parquet({"prompt": ["a"] * 50}))
    for position in range(len(data) - 60, len(data) - 8, 7):
        data[position] ^= 0xFF
    with pytest.raises(Invalid):
        read(bytes(data), "a.parquet")


def test_reads_reference_answers_of_mt_bench():
    path = shared_data("prompts/mt_bench/reference_answer_gpt-4.jsonl")
    rows = list(read_references(path.read_bytes(), filename=path.name))
    assert len(rows) == 30
    assert rows[0].external_id == "101"
    assert all(len(one.reference_answer) == 2 for one in rows)


# ---- properties ---------------------------------------------------------------------------------

SHOWN = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60
).filter(lambda text: any(one.isalnum() for one in text))


@given(st.lists(SHOWN, min_size=1, max_size=8), st.sampled_from(["csv", "tsv", "json", "jsonl"]))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back(texts, kind):
    separator = "\t" if kind == "tsv" else ","
    quoted = [f'"{text.replace(chr(34), chr(34) * 2)}"{separator}x' for text in texts]
    data = {
        "csv": "prompt,category\n" + "\n".join(quoted),
        "tsv": "prompt\tcategory\n" + "\n".join(quoted),
        "json": json.dumps([{"prompt": text} for text in texts]),
        "jsonl": "\n".join(json.dumps({"prompt": text}, ensure_ascii=False) for text in texts),
    }[kind]
    _, good, bad = read(data, f"a.{kind}")
    assert bad == []
    assert [one.messages[0]["content"] for one in good] == texts


PIECES = st.sampled_from(
    [b'{"prompt": ', b'"a"', b"}", b"[", b"]", b",", b"\n", b'"', b"prompt", b"\x00", b"\\ud800", b"NaN", b"1e999"]
)  # fmt: skip


@given(
    st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=20).map(b"".join)),
    st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "a"]),
)
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise_anything_but_a_refusal(data, name):
    with contextlib.suppress(Invalid):
        _, good, bad = read(data, name)
        assert good or bad


def test_a_label_that_says_that_nothing_is_to_fear_is_no_warning():
    file = b'prompt,risk_tags\n"One?",safe\n"Two?",Safe;violence\n"Three?",unsafe\n"Four?",none\n'
    _, good, _ = read(file, "p.csv")
    assert [list(one.risk_tags) for one in good] == [[], ["violence"], ["unsafe"], []]
