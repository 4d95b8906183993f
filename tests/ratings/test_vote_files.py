"""Files of votes: every layout that is recognised, and every kind of broken file refused by name."""

import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from core.errors import Invalid, Unsupported
from ratings.vote_files import BOTH_BAD, VoteTable, read_votes
from tests.data import shared_data

ARENA = "model_a,model_b,winner\n"


def read(content: str | bytes, **options) -> VoteTable:
    raw = content.encode() if isinstance(content, str) else content
    return read_votes(io.BytesIO(raw), **options)


def votes(table: VoteTable) -> list[tuple[str, str, int]]:
    models = table.models
    return [
        (models[first], models[second], outcome)
        for first, second, outcome in zip(
            table.first.tolist(), table.second.tolist(), table.outcome.tolist(), strict=True
        )
    ]


def reasons(table: VoteTable) -> list[tuple[int, str]]:
    return [(one.row, one.reason) for one in table.skipped]


# ---- layouts -------------------------------------------------------------------------------------


def test_reads_arena_votes_and_keeps_both_bad_apart():
    words = ["model_a", "model_b", "tie", "tie (bothbad)", "both_bad", "tie (inconsistent)"]
    table = read(ARENA + "".join(f"x,y,{word}\n" for word in words))
    assert [outcome for *_, outcome in votes(table)] == [2, 0, 1, BOTH_BAD, BOTH_BAD, 1]
    assert table.layout == "arena"
    assert not table.skipped


def test_reads_the_one_hot_form():
    table = read(
        "model_a,model_b,winner_model_a,winner_model_b,winner_tie\n"
        "x,y,1,0,0\nx,y,0,1,0\nx,y,0,0,1\nx,y,1,1,0\nx,y,0,0,0\nx,y,yes,0,0\n"
    )
    assert votes(table) == [("x", "y", 2), ("x", "y", 0), ("x", "y", 1)]
    assert [row for row, _ in reasons(table)] == [5, 6, 7]
    assert table.skipped[0].reason == "2 of winner_model_a, winner_model_b, winner_tie are 1"


def test_reads_sides_with_workers_as_raters():
    table = read("worker,winner,left,right\n7,left,x,y\n8,right,x,y\n,tie,y,x\n")
    assert votes(table) == [("x", "y", 2), ("x", "y", 0), ("y", "x", 1)]
    assert table.rater.names[:2] == ("7", "8")
    assert table.rater.codes.tolist() == [0, 1, -1]


def test_reads_preferences_with_draws_and_names_the_blank():
    rows = [("gpt", "base", value) for value in (1, 2, 0, 1.5, None, "?")]
    names = ("generator_1", "generator_2", "preference")
    table = read(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    assert [outcome for *_, outcome in votes(table)] == [2, 0, 1, 1]
    assert reasons(table) == [(5, "preference is empty"), (6, "unknown preference '?'")]


def test_reads_the_extract_of_preferences():
    table = read("model_1,model_2,preference\nx,y,1\nx,y,2.0\nx,y,1.5\n")
    assert votes(table) == [("x", "y", 2), ("x", "y", 0), ("x", "y", 1)]


def test_reads_named_columns_and_winners_by_name():
    table = read(
        "one;two;best;who\ng;h;g;r1\ng;h;h;r2\ng;h;tie;r1\n",
        columns={"a": "one", "b": "two", "winner": "best", "rater": "who"},
    )
    assert votes(table) == [("g", "h", 2), ("g", "h", 0), ("g", "h", 1)]
    assert table.rater.names == ("r1", "r2")


def test_refuses_to_guess_when_a_side_is_also_a_name():
    table = read("p,q,w\nb,a,a\n", columns={"a": "p", "b": "q", "winner": "w"})
    assert reasons(table) == [(2, "w 'a' is a side and a model's name")]


def test_the_callers_rater_column_replaces_the_layouts_own():
    table = read(
        "model_a,model_b,winner,judge,person\nx,y,tie,j,p1\nx,y,tie,j,p2\n", rater="person"
    )
    assert table.rater.names == ("p1", "p2")


@pytest.mark.parametrize(
    ("name", "count", "skipped", "raters"),
    [
        ("votes/llmfao/crowd-comparisons.csv", 8931, 0, 124),
        ("votes/llmfao/gpt4-crowd-comparisons.csv", 2139, 0, None),
        ("votes/mt_bench/human.jsonl", 3355, 0, 65),
        ("votes/mt_bench/gpt4_pair.jsonl", 2400, 0, 1),
        ("votes/chatbot_arena/train_subset_85.csv", 85, 0, None),
        ("votes/evalica/food.csv", 30, 0, None),
        ("votes/alpaca_eval/alpaca_eval_gpt4_judge_vs_davinci003.csv", 8849, 6, 1),
    ],
)
def test_reads_published_votes_without_options(name, count, skipped, raters):
    table = read_votes(shared_data(name))
    assert (len(table.row), len(table.skipped)) == (count, skipped)
    assert (table.rater and len(set(table.rater.codes.tolist()))) == raters


# ---- kinds of file -------------------------------------------------------------------------------

ROWS = {
    "model_a": ["x", "y", "x"],
    "model_b": ["y", "x", "z"],
    "winner": ["model_a", "tie", "model_b"],
}
EXPECTED = [("x", "y", 2), ("y", "x", 1), ("x", "z", 0)]
RECORDS = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
AS_CSV = ARENA + "".join(",".join(record.values()) + "\n" for record in RECORDS)


@pytest.mark.parametrize(
    "content",
    [
        AS_CSV,
        AS_CSV.rstrip("\n"),
        "\ufeff" + AS_CSV,
        AS_CSV.replace("\n", "\r\n"),
        AS_CSV.replace("\n", "\r\r\n"),
        AS_CSV.replace("\n", "\r"),
        AS_CSV.replace("\n", "\n\n"),
        AS_CSV.replace(",", "\t"),
        AS_CSV.replace(",", ";"),
        AS_CSV.replace("x", '"x"'),
        json.dumps(RECORDS),
        "\ufeff" + json.dumps(RECORDS, indent=1),
        "\n".join(json.dumps(record) for record in RECORDS),
        "\r\n\r\n".join(json.dumps(record) for record in RECORDS),
    ],
)
def test_the_same_votes_come_out_of_every_text(content):
    assert votes(read(content)) == EXPECTED


@pytest.mark.parametrize("dictionary", [False, True])
def test_the_same_votes_come_out_of_parquet_and_arrow_whatever_the_name(tmp_path: Path, dictionary):
    columns = {name: pa.array(cells) for name, cells in ROWS.items()}
    if dictionary:
        columns = {name: column.dictionary_encode() for name, column in columns.items()}
    table = pa.table(columns)
    parquet.write_table(table, tmp_path / "votes.csv")
    feather.write_feather(table, tmp_path / "votes.json")
    with pa.ipc.new_stream(tmp_path / "votes.txt", table.schema) as stream:
        stream.write_table(table)
    for path in tmp_path.iterdir():
        assert votes(read_votes(path)) == EXPECTED


def test_nulls_in_parquet_are_rows_left_out():
    out = io.BytesIO()
    column = ["x", None, "x"]
    parquet.write_table(pa.table({**ROWS, "model_a": column}), out)
    assert reasons(read(out.getvalue())) == [(2, "model_a is empty")]


def test_texts_in_quotes_may_hold_separators_and_line_ends():
    table = read('model_a,model_b,winner,prompt\n"x, ""1""",y,tie,"a\nb,\r\nc"\nx,y,tie,d\n')
    assert votes(table)[0] == ('x, "1"', "y", 1)
    assert len(table.row) == 2


# ---- bad rows ------------------------------------------------------------------------------------


def test_bad_rows_are_named_with_their_row_and_reason_and_the_others_kept():
    table = read(ARENA + "x,y,model_a\n,y,tie\nx,x,tie\nx,y,\nx,y,left\nx,y,1\nx,  ,tie\nx,y,tie\n")
    assert votes(table) == [("x", "y", 2), ("x", "y", 1)]
    assert table.row.tolist() == [2, 9]
    assert reasons(table) == [
        (3, "model_a is empty"),
        (4, "'x' is compared with itself"),
        (5, "winner is empty"),
        (6, "unknown winner 'left'"),
        (7, "unknown winner '1'"),
        (8, "model_b is empty"),
    ]


def test_ragged_rows_are_left_out_and_never_shifted():
    table = read(ARENA + "x,y,tie\nx,tie\nx,y,tie,more\nx,y,model_b\n")
    assert votes(table) == [("x", "y", 1), ("x", "y", 0)]
    assert reasons(table) == [(3, "2 cells instead of 3"), (4, "4 cells instead of 3")]
    assert table.row.tolist() == [2, 5]


def test_a_nul_in_a_name_is_a_row_error():
    assert reasons(read(ARENA + "x\x00,y,tie\nx,y,tie\n")) == [
        (2, "model_a contains the NUL character")
    ]


def test_broken_lines_of_jsonl_are_named_by_line():
    good = json.dumps(RECORDS[0])
    duplicate = '{"model_a":"x","model_a":"y","model_b":"z","winner":"tie"}'
    deep = "[" * 100_000
    number = '{"model_a":"x","model_b":"y","winner":' + "9" * 5000 + "}"
    lines = [
        good,
        "",
        '{"model_a":',
        duplicate,
        "[1]",
        good.replace('"x"', "NaN"),
        deep,
        number,
        good,
    ]
    table = read("\n".join(lines))
    assert table.row.tolist() == [1, 9]
    assert [row for row, _ in reasons(table)] == [3, 4, 5, 6, 7, 8]
    assert "stands there twice" in table.skipped[1].reason
    assert table.skipped[2].reason == "not a JSON object"


def test_cells_of_other_types_are_never_turned_into_names():
    bad = [{**RECORDS[0], "model_a": value} for value in (["x"], {"x": 1}, True, 1.5, None)]
    table = read(json.dumps([*bad, {**RECORDS[0], "model_a": 7}]))
    assert votes(table) == [("7", "y", 2)]
    assert [reason for _, reason in reasons(table)] == [
        "model_a is a list, not a text",
        "model_a is an object, not a text",
        "model_a is true or false, not a text",
        "model_a is a fraction, not a text",
        "model_a is empty",
    ]


def test_rows_without_a_group_are_left_out_and_others_keep_theirs():
    table = read(
        "model_a,model_b,winner,turn\nx,y,tie,1\nx,y,tie,\nx,y,no,2\nx,y,tie,2\n", group="turn"
    )
    assert [table.group.names[code] for code in table.group.codes] == ["1", "2"]
    assert [(one.row, one.group) for one in table.skipped] == [(3, ""), (4, "2")]


# ---- bad files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \n\t\n", "empty"),
        (ARENA.encode(), "no rows"),
        (ARENA.encode() + b"x\xe9,y,tie\n", r"Byte 25 \(line 2\) is not UTF-8"),
        (AS_CSV.encode("utf-16")[:-1], "not utf-16"),
        (AS_CSV.encode("utf-32"), "UTF-"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
        (b"PK\x03\x04" + bytes(64), "The ZIP file cannot be unpacked"),
        (b"\x1f\x8b\x08" + bytes(64), "The gzip file cannot be unpacked"),
        (b"\x28\xb5\x2f\xfd" + bytes(64), "The zstd file cannot be unpacked"),
        (b"\xfd7zXZ\0" + bytes(64), "The xz file cannot be unpacked"),
        (b"BZh9" + bytes(64), "The bzip2 file cannot be unpacked"),
        (b"\x80\x04\x95" + bytes(64), "pickle"),
        (bytes(range(256)) * 8 + bytes(500), "not text"),
        (b"PAR1garbagePAR1", "Parquet"),
        (b"ARROW1\0\0garbage", "Arrow"),
        (b"\xff\xff\xff\xff\x10\0\0\0garbage", "Arrow"),
        (b"model_a,model_a,model_b,winner\nx,x,y,tie\n", "'model_a' twice"),
        (b'model_a,model_b,winner\nx,y,tie\n"x,y,tie\nx,y,tie\n', "Row 3 cannot be read"),
        (b'model_a,model_b,winner\n"x,y,tie\n"x,y,tie\n', "Row 2 cannot be read"),
        (b'"model_a,model_b,winner\nx,y,tie\n', "cannot be read"),
        (b"Model_A,Model_B,Who\nx,y,tie\n", "--columns a=Model_A,b=Model_B,winner=…"),
        (b'[{"model_a": "x"', "not JSON"),
        (b'[{"model_a": "x", "model_a": "y"}]', "twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no rows"),
        (b"[1, 2]", "Rows are expected to be JSON objects"),
        (b'["a","b"]', "Rows are expected to be JSON objects"),
        (b'{\n "model_a": "x"\n}', "a list of objects is expected"),
        (b'{"model_a": \n', "not JSON"),
        (b'[{"model_a": "\\ud800", "model_b": "y", "winner": "tie"}]', "surrogate"),
        (b'"text"', "No layout"),
        (b"null", "No layout"),
    ],
)
def test_refuses_a_file_it_cannot_read_and_says_why(content, message):
    with pytest.raises(Invalid, match=message) as caught:
        read(content)
    assert "\n" not in caught.value.message


def test_refuses_a_column_that_holds_no_texts():
    out = io.BytesIO()
    parquet.write_table(pa.table({**ROWS, "model_a": [[1], [2], [3]]}), out)
    with pytest.raises(Invalid, match="model_a holds list"):
        read(out.getvalue())


def test_refuses_truncated_parquet():
    out = io.BytesIO()
    parquet.write_table(pa.table(ROWS), out)
    with pytest.raises(Invalid, match="Parquet"):
        read(out.getvalue()[:-20])


def test_an_image_is_unsupported_rather_than_invalid():
    with pytest.raises(Unsupported, match="CSV, TSV, JSON"):
        read(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rater": "who"}, "no column 'who'"),
        ({"rater": "winer"}, "did you mean 'winner'"),
        ({"group": "turn"}, "no column 'turn'"),
        ({"columns": {"a": "model_a", "b": "model_b"}}, "winner is missing"),
        ({"columns": {"a": "model_a", "b": "model_b", "winner": "best"}}, "no column 'best'"),
        ({"columns": {"a": "m", "b": "n", "winner": "w", "c": "d"}}, "'c' is unknown"),
    ],
)
def test_refuses_columns_that_are_not_there(options, message):
    with pytest.raises(Invalid, match=message) as caught:
        read(AS_CSV, **options)
    assert caught.value.code == "columns"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n"])
@pytest.mark.parametrize("careful", [False, True])
def test_rows_are_numbered_as_a_spreadsheet_shows_them(end, careful):
    lines = [
        "",
        "model_a,model_b,winner,note",
        'x,y,tie,"two\n\nlines"',
        "",
        "x,y,?,b",
        "x,y,tie,c",
    ]
    content = end.join([*lines, "x,y,tie" if careful else ""])
    blank = 2 if end in {"\r\r\n", "\n\n"} else 1
    table = read(content)
    assert reasons(table)[0] == (1 + 4 * blank, "unknown winner '?'")
    assert table.row.tolist() == [1 + 2 * blank, 1 + 5 * blank]
    assert len(table.skipped) == 1 + careful


def test_bulk_and_careful_reading_agree(tmp_path: Path):
    lines = [f"m{i % 7},m{i % 5 + 7},{('tie', 'model_a', 'model_b')[i % 3]}" for i in range(5000)]
    sound = ARENA + "\n".join(lines)
    # A quote inside a plain cell sends the whole file the careful way.
    odd = sound.replace("m3,", 'm"3,')
    assert votes(read(odd.replace('m"3', "m3"))) == votes(read(sound))
    assert [(a.replace('"', ""), b, o) for a, b, o in votes(read(odd))] == votes(read(sound))


TOKENS = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"{",
    b"]",
    b"\\ud800",
    b"NaN",
    b"null",
    b"model_a",
    b"9" * 5000,
]


def mutated(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data) + 1)
        if rng.random() < 0.4:
            data[at : at + rng.randint(1, 9)] = b""
        else:
            data[at:at] = rng.choice([*TOKENS, bytes([rng.randrange(256)])])
    return bytes(data)


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet", "arrow"])
def test_damaged_files_are_read_or_refused_and_never_crash(kind):
    binary = io.BytesIO()
    table = pa.table({name: cells * 5 for name, cells in ROWS.items()})
    {"parquet": parquet.write_table, "arrow": feather.write_feather}.get(kind, lambda *_: None)(
        table, binary
    )
    sound = {
        "csv": AS_CSV.replace("x", '"x"').encode(),
        "tsv": AS_CSV.replace(",", "\t").encode(),
        "json": json.dumps(RECORDS).encode(),
        "jsonl": "\n".join(json.dumps(record) for record in RECORDS).encode(),
    }.get(kind, binary.getvalue())
    rng = random.Random(kind)
    messages = [refusal(mutated(sound, rng)) for _ in range(200)]
    assert any(messages)
    assert not any("\n" in message for message in messages)


def refusal(content: bytes) -> str:
    """Why a file is refused, or nothing when every row is either read or named."""
    try:
        found = read(content)
    except Invalid as error:
        return error.message
    return "" if len(found.row) + len(found.skipped) else "lost\n"
