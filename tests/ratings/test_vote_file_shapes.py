"""Files of votes as the field publishes them: read as they stand, or refused with what to do."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile

import pyarrow as pa
import pytest
from pyarrow import parquet

from core.errors import Invalid, Unsupported
from ratings.vote_files import BOTH_BAD, VoteTable, read_votes


def read(content: str | bytes | list | dict, **options) -> VoteTable:
    if isinstance(content, list | dict):
        content = json.dumps(content)
    raw = content.encode() if isinstance(content, str) else content
    return read_votes(io.BytesIO(raw), **options)


def votes(table: VoteTable) -> list[tuple[str, str, int]]:
    models = table.models
    triples = zip(table.first.tolist(), table.second.tolist(), table.outcome.tolist(), strict=True)
    return [(models[first], models[second], outcome) for first, second, outcome in triples]


def outcomes(table: VoteTable) -> list[int]:
    return table.outcome.tolist()


def reasons(table: VoteTable) -> list[tuple[int, str]]:
    return [(one.row, one.reason) for one in table.skipped]


def raters(table: VoteTable) -> list[str | None]:
    return [table.rater.names[code] if code >= 0 else None for code in table.rater.codes.tolist()]


def refusal(content: str | bytes | list | dict, **options) -> str:
    with pytest.raises(Invalid) as caught:
        read(content, **options)
    return caught.value.message


# ---- the field's layouts -------------------------------------------------------------------------


def test_words_of_the_arena_are_known_in_any_case_padding_and_blank():
    words = ["Model_A", " MODEL_B ", "model a", "TIE", "Tie (BothBad)", "Both Bad", "both-bad", "B"]
    table = read("model_a,model_b,winner\n" + "".join(f"x,y,{word}\n" for word in words))
    assert outcomes(table) == [2, 0, 2, 1, BOTH_BAD, BOTH_BAD, BOTH_BAD, 0]


@pytest.mark.parametrize(
    "header",
    [
        "Model A;Model B;Winner;Judge",
        " model_a ; model_b ;winner;judge ",
        "modelA;modelB;WINNER;judge",
    ],
)
def test_columns_are_known_in_any_spelling(header):
    table = read(f"{header}\n x ; y ;model_a; ann \ny;x;tie;ann\n")
    assert votes(table) == [("x", "y", 2), ("y", "x", 1)]
    assert raters(table) == ["ann", "ann"]


def test_arena_exports_with_nested_columns_are_clustered_by_session():
    row = {
        "id": "5b1c",
        "model_a": "x",
        "model_b": "y",
        "winner": "both_bad",
        "evaluation_session_id": "s1",
        "evaluation_order": 1,
        "full_conversation": [{"user": {"role": "user"}, "model_side_a": {}, "model_side_b": {}}],
        "conv_metadata": {"bold_count_a": {"**": 1}},
        "category_tag": {"math_v0.1": {"math": False}},
        "is_code": False,
    }
    table = read([row, row | {"evaluation_session_id": "s2", "winner": "model_b"}])
    assert votes(table) == [("x", "y", BOTH_BAD), ("x", "y", 0)]
    assert raters(table) == ["s1", "s2"]


def test_one_hot_flags_may_be_true_and_false():
    table = read(
        "id,model_a,model_b,prompt,winner_model_a,winner_model_b,winner_tie\n"
        '1,x,y,"[""say a\nb""]",True,False,False\n2,x,y,p,FALSE,FALSE,TRUE\n3,x,y,p,0.0,1.0,0.0\n'
    )
    assert outcomes(table) == [2, 1, 0]
    assert table.layout == "one-hot"
    assert len(table.prompt.names) == 2


def test_judges_may_be_lists():
    row = {"question_id": 81, "model_a": "x", "model_b": "y", "winner": "tie", "turn": 1}
    table = read([row | {"judge": ["gpt-4", "pair-v2"]}, row | {"judge": ["gpt-4", "pair-math"]}])
    assert raters(table) == ['["gpt-4", "pair-v2"]', '["gpt-4", "pair-math"]']


def test_two_games_of_a_judge_are_one_vote():
    def row(one: str, other: str) -> dict:
        return {"question_id": 1, "model_1": "x", "model_2": "y", "judge": ["gpt-4", "pair-v2"]} | {
            "g1_winner": one,
            "g2_winner": other,
        }

    games = [("model_1", "model_1"), ("model_2", "model_2"), ("model_1", "model_2"), ("tie", "tie")]
    table = read("\n".join(json.dumps(row(*pair)) for pair in [*games, ("error", "model_1")]))
    assert outcomes(table) == [2, 0, 1, 1]
    assert reasons(table) == [(5, "unknown g1_winner 'error'")]


def test_compar_ia_names_the_chosen_model_or_says_both_equal():
    rows = [("x", False), ("y", False), (None, True), (None, False), ("x", True), ("z", False)]
    base = {"model_a_name": "x", "model_b_name": "y", "visitor_id": "v", "opening_msg": "Bonjour"}
    table = read([base | {"chosen_model_name": one, "both_equal": both} for one, both in rows])
    assert votes(table) == [("x", "y", 2), ("x", "y", 0), ("x", "y", 1)]
    assert reasons(table) == [
        (4, "chosen_model_name is empty"),
        (5, "chosen_model_name names a model and both_equal is true"),
        (6, "unknown chosen_model_name 'z'"),
    ]
    assert raters(table) == ["v"] * 3


def test_a_weighted_preference_counts_for_the_nearer_side():
    rows = [1.0, 2.0, 1.5, 1.0000613, 1.9999998869, 1.4999999, None]
    pair = {"generator_1": "base", "generator_2": "gpt", "annotator": "weighted"}
    table = read([pair | {"preference": value} for value in rows])
    assert outcomes(table) == [2, 0, 1, 2, 0, 2]
    assert reasons(table) == [(7, "preference is empty")]


def test_a_label_may_be_the_name_of_the_winner():
    table = read("worker,left,right,label\nw1,cat,dog,dog\nw2,dog,cat,dog\nw2,cat,dog,cow\n")
    assert votes(table) == [("cat", "dog", 0), ("dog", "cat", 2)]
    assert reasons(table) == [(4, "unknown label 'cow'")]
    assert raters(table) == ["w1", "w2"]


@pytest.mark.parametrize(
    "names",
    [("chosen_model", "rejected_model"), ("chosen-model", "rejected-model"), ("winner", "loser")],
)
def test_the_chosen_model_has_won(names):
    table = read(f"prompt,{','.join(names)}\np,x,y\nq,y,x\nr,x,x\n")
    assert votes(table) == [("x", "y", 2), ("y", "x", 2)]
    assert reasons(table) == [(4, "'x' is compared with itself")]


def test_graded_preferences_count_by_their_sign():
    rows = [-3, -1, 0, 1, 3, None]
    pair = {"model_1": "x", "model_2": "y"}
    table = read([pair | {"overall_preference": grade} for grade in rows])
    assert outcomes(table) == [2, 2, 1, 0, 0]


def test_ranks_of_two_systems_are_compared():
    table = read(
        "judgeID,segmentId,system1Id,system1rank,system2Id,system2rank\r\r\n"
        "j1,7,x,1,y,4\r\r\nj1,7,x,2,y,2\r\r\nj2,8,y,5,x,3\r\r\nj2,8,y,-1,x,3\r\r\n"
    )
    assert votes(table) == [("x", "y", 2), ("x", "y", 1), ("y", "x", 0)]
    assert [reason for _, reason in reasons(table)] == ["system1rank is no rank"]
    assert raters(table) == ["j1", "j1", "j2"]
    assert table.prompt.names == ("7", "8")


def test_a_row_of_counts_is_as_many_votes():
    table = read("home.team,away.team,home.wins,away.wins\nx,y,2,1\ny,x,0,0\ny,x,1,0\nx,y,1.5,1\n")
    assert votes(table) == [("x", "y", 2), ("x", "y", 2), ("x", "y", 0), ("y", "x", 2)]
    assert table.row.tolist() == [2, 2, 2, 4]
    assert reasons(table) == [(3, "nobody won"), (5, "home.wins is no count")]
    assert table.shown_first


def test_shares_of_a_point_are_compared():
    table = read(
        "model_0,model_1,label_0,label_1,user_id\nx,y,1.0,0.0,1\nx,y,0.5,0.5,2\nx,y,1,1,2\n"
    )
    assert outcomes(table) == [2, 1]
    assert reasons(table) == [(4, "label_0 and label_1 do not sum to 1")]


def test_of_two_layouts_the_one_with_votes_is_taken():
    table = read("model_a,model_b,left,right,winner\nx,y,y,x,left\ny,x,x,y,right\n")
    assert votes(table) == [("y", "x", 2), ("x", "y", 0)]


# ---- numbers, and the caller's own words ---------------------------------------------------------

NAMED = {"a": "p", "b": "q", "winner": "w"}


def coded(*codes: object) -> str:
    return "p,q,w\n" + "".join(f"x,y,{code}\n" for code in codes)


def test_one_and_two_are_the_first_and_the_second():
    assert outcomes(read(coded(1, 2, "2.0", 1.5), columns=NAMED)) == [2, 0, 0, 1]


@pytest.mark.parametrize("codes", [(0, 1), (0, 1, 2), (-1, 0, 1), (1, 2, 3, 4, 5), (-3, 1, 2)])
def test_numbers_that_may_mean_anything_are_not_guessed(codes):
    table = read(coded(*codes), columns=NAMED)
    assert not len(table.row)
    assert reasons(table)[0] == (2, f"unknown w '{codes[0]}'")


def test_the_caller_says_what_words_mean():
    words = {"first": "0|A wins", "second": "1", "tie": "2.0", "both-bad": "none"}
    table = read(coded(0, 1, 2, "a WINS", "None", 3, "tie"), columns=NAMED, outcomes=words)
    assert outcomes(table) == [2, 0, 1, 2, BOTH_BAD]
    assert [row for row, _ in reasons(table)] == [7, 8]
    arena = "model_a,model_b,winner\nx,y,0\nx,y,1\n"
    assert outcomes(read(arena, outcomes={"first": "0", "second": "1"})) == [2, 0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"third": "1"}, "'third' is unknown"),
        ({"first": "1", "second": "1.0"}, "a word is missing or stands twice"),
        ({"first": "1||2"}, "a word is missing or stands twice"),
    ],
)
def test_words_that_contradict_each_other_are_refused(words, message):
    assert message in refusal(coded(1), columns=NAMED, outcomes=words)


def test_words_are_for_a_column_of_words():
    one_hot = "model_a,model_b,winner_model_a,winner_model_b,winner_tie\nx,y,1,0,0\n"
    assert "one-hot has no column of words" in refusal(one_hot, outcomes={"first": "1"})


# ---- what holds no votes between models ----------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("chosen,rejected", "two texts in a row"),
        ("prompt,response1,response2,overall_preference", "two texts in a row"),
        ("post_id,history,human_ref_A,human_ref_B,labels,score_A", "two texts in a row"),
        ("interaction_id,user_id,model_name,model_response,score,if_chosen", "about one model"),
        ("instruction,output,generator,dataset", "about one model"),
        ("model_a_name,model_b_name,refers_to_model,liked,disliked", "winner=…"),
        ("model_a,model_b,winner_helpful,winner_harmless", "a=model_a,b=model_b,winner=…"),
        ("id,text", "--columns a=…,b=…,winner=…"),
    ],
)
def test_a_refusal_says_what_is_missing(header, said):
    message = refusal(f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert message.startswith("No layout of votes is recognised in the columns ")
    assert said in message
    assert "--columns" in message


# ---- kinds of file -------------------------------------------------------------------------------

ROWS = {"model_a": ["x", "y"], "model_b": ["y", "x"], "winner": ["model_a", "tie"]}
EXPECTED = [("x", "y", 2), ("y", "x", 1)]
RECORDS = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
AS_CSV = "model_a,model_b,winner\nx,y,model_a\ny,x,tie\n"


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, AS_CSV)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        RECORDS[:1] + RECORDS[1:],
        {"rows": RECORDS},
        {"data": RECORDS, "version": 1},
        {
            "features": [{"name": "model_a"}],
            "rows": [{"row_idx": 0, "row": row} for row in RECORDS],
        },
        {"battles_of_may": RECORDS},
        ROWS,
        {name: dict(enumerate(cells)) for name, cells in ROWS.items()},
        {str(at): row for at, row in enumerate(RECORDS)},
        {"columns": list(ROWS), "index": [0, 1], "data": [list(row.values()) for row in RECORDS]},
        json.dumps({"rows": RECORDS}, indent=1),
        gzip.compress(AS_CSV.encode()),
        bz2.compress(AS_CSV.encode()),
        lzma.compress(AS_CSV.encode()),
        pa.compress(AS_CSV.encode(), codec="zstd", asbytes=True),
        gzip.compress(json.dumps(RECORDS).encode()),
        zipped("votes.csv", "__MACOSX/._votes.csv"),
        AS_CSV.encode("utf-16"),
        AS_CSV.replace(",", " | "),
    ],
)
def test_the_same_votes_come_out_of_every_kind(content):
    assert votes(read(content)) == EXPECTED


def test_one_row_with_a_list_in_it_is_one_vote():
    assert votes(read(RECORDS[0] | {"conversation_a": [{"role": "user"}]})) == EXPECTED[:1]


def test_archives_that_are_no_one_table_are_refused():
    with pytest.raises(Unsupported, match="holds 2 files"):
        read(zipped("one.csv", "two.csv"))
    with pytest.raises(Unsupported, match="spreadsheet"):
        read(zipped("[Content_Types].xml", "xl/workbook.xml"))


def test_another_encoding_is_named_and_never_guessed():
    latin = "model_a,model_b,winner\nMaïs,y,tie\n".encode("latin-1")
    assert "--encoding" in refusal(latin)
    assert votes(read(latin, encoding="latin-1")) == [("Maïs", "y", 1)]
    assert "'klingon' is unknown" in refusal(latin, encoding="klingon")
    assert "not ascii" in refusal(latin, encoding="ascii")


def test_columns_of_parquet_may_be_lists_structs_numbers_or_nothing():
    columns = {
        "model_a": pa.array(["x", "y"]).dictionary_encode(),
        "model_b": ["y", "x"],
        "winner": pa.array(["MODEL_A", "tie"], pa.large_string()),
        "judge": pa.array([["g", "v2"], None]),
        "question_id": pa.array([81.0, 82.0]),
        "annotator": pa.nulls(2),
    }
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    table = read(out.getvalue())
    assert votes(table) == EXPECTED
    assert raters(table) == ['["g", "v2"]', None]
    assert table.prompt.names == ("81", "82")
    assert raters(read(out.getvalue(), rater="annotator")) == [None, None]


def test_what_is_no_number_is_missing():
    columns = {"model_1": ["x"] * 3, "model_2": ["y"] * 3}
    columns |= {
        "preference": pa.array([1.0, float("nan"), 1.5]),
        "judge": pa.array([1.0, 2.0, float("nan")]),
    }
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    table = read(out.getvalue())
    assert outcomes(table) == [2, 1]
    assert reasons(table) == [(2, "preference is empty")]
    assert raters(table) == ["1", None]


def test_an_index_may_point_at_a_null():
    indices = pa.array([0, 1, None], pa.int32())
    judge = pa.DictionaryArray.from_arrays(indices, pa.array([None, "ann"]))
    columns = {"model_a": ["x"] * 3, "model_b": ["y"] * 3, "winner": ["tie"] * 3, "judge": judge}
    out = io.BytesIO()
    with pa.ipc.new_file(out, pa.table(columns).schema) as file:
        file.write_table(pa.table(columns))
    assert raters(read(out.getvalue())) == [None, "ann", None]


PIECES = (
    "x",
    "y",
    "tie",
    "Model_A",
    1,
    2,
    0,
    -1,
    1.5,
    True,
    None,
    " ",
    ["g"],
    {"a": 1},
    "é",
    "9" * 50,
)
COLUMNS = (
    *("model_a", "model_b", "left", "right", "chosen_model", "rejected_model", "generator_1"),
    *("generator_2", "winner", "label", "preference", "judge", "prompt", "winner_tie", "g1_winner"),
    *(
        "g2_winner",
        "system1rank",
        "system2rank",
        "system1Id",
        "system2Id",
        "win1",
        "win2",
        "model 1",
    ),
    *("model 2", "both_equal", "chosen_model_name", "model_a_name", "model_b_name"),
)


def test_whatever_the_columns_and_cells_every_row_is_read_or_named():
    rng = random.Random(7)
    read_rows = 0
    for _ in range(150):
        columns = rng.sample(COLUMNS, rng.randint(3, 12))
        rows = [{name: rng.choice(PIECES) for name in columns} for _ in range(6)]
        try:
            table = read(rows)
        except Invalid:
            continue
        named = {one.row for one in table.skipped}
        assert named.isdisjoint(table.row.tolist())
        assert named | set(table.row.tolist()) == set(range(1, 7))
        read_rows += len(table.row)
    assert read_rows
