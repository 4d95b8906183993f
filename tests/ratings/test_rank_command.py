"""`manage.py rank`: published boards reproduced, the schema, the refusals; never a database."""

import csv
import io
import itertools
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.data import shared_data

ROOT = Path(__file__).parents[2]
KEYS = ["method", "ties", "intervals", "n_votes", "n_raters", "converged", "skipped", "models"]
MODEL_KEYS = [
    "model",
    "strength",
    "rating",
    "score",
    "lower",
    "upper",
    "rank",
    "rank_lower",
    "rank_upper",
    "n",
]
VOTES = "model_a,model_b,winner,judge,turn\n" + "".join(
    f"{a},{b},{winner},{judge},{turn}\n"
    for turn in (1, 2)
    for judge in ("r1", "r2", "r3")
    for a, b, winner in (
        ("x", "y", "model_a"),
        ("y", "x", "model_a"),
        ("y", "z", "model_a"),
        ("z", "y", "tie"),
        ("x", "z", "model_a"),
        ("x", "z", "both_bad"),
    )
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "votes.csv"
    path.write_text(VOTES, encoding="utf-8")
    return path


def rank(path: Path | str, *options: str) -> dict:
    return json.loads(written(path, *options, "--format", "json"))


def written(path: Path | str, *options: str) -> str:
    out = io.StringIO()
    call_command("rank", str(path), *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def column(ranking: dict, name: str) -> dict[str, float]:
    return {row["model"]: row[name] for row in ranking["models"]}


# ---- published boards ----------------------------------------------------------------------------

EVALICA = {
    "llmfao": "votes/llmfao/crowd-comparisons.csv",
    "food": "votes/evalica/food.csv",
    "simple": "votes/evalica/simple.csv",
}


@pytest.fixture(params=EVALICA)
def published(request) -> tuple[Path, dict[str, dict[str, float]]]:
    path = shared_data(f"leaderboards/evalica/{request.param}-golden.csv")
    scores: dict[str, dict[str, float]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            scores.setdefault(row["algorithm"], {})[row["item"]] = float(row["score"])
    return shared_data(EVALICA[request.param]), scores


def test_reproduces_evalicas_boards(published):
    path, golden = published
    strengths = column(rank(path), "strength")
    share = {model: math.exp(strength) for model, strength in strengths.items()}
    total, golden_total = sum(share.values()), sum(golden["bradley_terry"].values())
    expected = {model: score / golden_total for model, score in golden["bradley_terry"].items()}
    assert {m: s / total for m, s in share.items()} == pytest.approx(expected, abs=1e-10)
    assert column(rank(path, "--method", "elo"), "score") == pytest.approx(golden["elo"], abs=1e-9)
    rates = column(rank(path, "--method", "average-win-rate"), "score")
    assert rates == pytest.approx(golden["average_win_rate"], abs=1e-12)
    newman = column(rank(path, "--ties", "davidson"), "strength")
    centre = np.mean(np.log(list(golden["newman"].values())))
    logs = {model: math.log(score) - centre for model, score in golden["newman"].items()}
    assert newman == pytest.approx(logs, abs=1e-9)


def test_reproduces_the_six_models_of_mt_bench():
    found = rank(shared_data("votes/mt_bench/human.jsonl"))
    assert column(found, "rating") == pytest.approx(
        {
            "gpt-4": 1177.39,
            "claude-v1": 1111.67,
            "gpt-3.5-turbo": 1104.16,
            "vicuna-13b-v1.2": 990.12,
            "alpaca-13b": 867.69,
            "llama-13b": 748.96,
        },
        abs=0.005,
    )
    assert (found["n_votes"], found["n_raters"], found["skipped"]) == (3355, 65, [])


def test_reproduces_the_eighty_five_votes_of_chatbot_arena():
    found = rank(shared_data("votes/chatbot_arena/train_subset_85.csv"))
    assert column(found, "rating") == pytest.approx(
        {
            "gpt-4-1106-preview": 1139.92,
            "gpt-4-0314": 1082.06,
            "gpt-3.5-turbo-0613": 992.19,
            "vicuna-33b": 908.45,
            "vicuna-13b": 877.37,
        },
        abs=0.005,
    )


def test_reproduces_the_published_win_rates_of_alpaca_eval():
    path = shared_data("votes/alpaca_eval/alpaca_eval_gpt4_judge_vs_davinci003.csv")
    leaders = shared_data("leaderboards/alpaca_eval/alpaca_eval_gpt4_leaderboard.csv")
    with leaders.open(encoding="utf-8", newline="") as lines:
        expected = {row[""]: float(row["win_rate"]) for row in csv.DictReader(lines)}
    found = rank(path, "--method", "win-rate")
    rates = column(found, "score")
    del rates["text_davinci_003"]
    assert len(rates) == 11
    for model, rate in rates.items():
        assert 100 * rate == pytest.approx(expected[model], abs=1e-9)
    assert {one["reason"] for one in found["skipped"]} == {"preference is empty"}


# ---- the schema ----------------------------------------------------------------------------------


def test_the_json_has_the_documented_fields_in_order(file):
    found = rank(file)
    assert list(found) == KEYS
    assert all(list(row) == MODEL_KEYS for row in found["models"])
    assert [found[key] for key in KEYS[:6]] == ["bt", "half", "sandwich", 36, 3, True]


def test_ratings_strengths_and_bounds_belong_together(file):
    found = rank(file)["models"]
    assert sum(row["strength"] for row in found) == pytest.approx(0, abs=1e-12)
    for row in found:
        assert row["rating"] == pytest.approx(400 / math.log(10) * row["strength"] + 1000)
        assert row["lower"] < row["score"] == row["rating"] < row["upper"]
        assert row["rank_lower"] <= row["rank"] <= row["rank_upper"]
        assert row["n"] == 24


def test_both_bad_is_a_tie_unless_excluded(file):
    assert rank(file)["n_votes"] == 36
    excluded = rank(file, "--both-bad", "exclude")
    assert excluded["n_votes"] == 30
    assert excluded["skipped"] == []


def test_an_anchor_moves_all_ratings_and_nothing_else(file):
    plain, moved = rank(file), rank(file, "--anchor", "y=1200")
    shift = 1200 - column(plain, "rating")["y"]
    assert column(moved, "strength") == column(plain, "strength")
    for name in ("rating", "lower", "upper"):
        expected = {model: value + shift for model, value in column(plain, name).items()}
        assert column(moved, name) == pytest.approx(expected)
    assert column(rank(file, "--method", "elo", "--anchor", "y=1200"), "rating")["y"] == 1200


@pytest.mark.parametrize("method", ["elo", "elo-averaged"])
def test_elo_has_points_and_neither_strength_nor_interval(file, method):
    found = rank(file, "--method", method, "--k", "8", "--initial", "1500")
    assert found["intervals"] == "none"
    for row in found["models"]:
        assert row["score"] == row["rating"]
        assert {row[key] for key in ("strength", "lower", "upper", "rank_lower", "rank_upper")} == {
            None
        }
    assert sum(row["rating"] for row in found["models"]) == pytest.approx(4500)


@pytest.mark.parametrize("method", ["win-rate", "average-win-rate"])
@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_win_rates_are_shares_with_bounds(file, method, intervals):
    for row in rank(file, "--method", method, "--intervals", intervals)["models"]:
        assert 0 <= row["lower"] < row["score"] < row["upper"] <= 1
        assert (row["strength"], row["rating"]) == (None, None)


def test_no_intervals_means_no_bounds_and_no_ranges(file):
    for row in rank(file, "--intervals", "none")["models"]:
        assert {row[key] for key in ("lower", "upper", "rank_lower", "rank_upper")} == {None}
        assert row["rank"] in {1, 2, 3}


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_a_seed_repeats_the_bootstrap_and_another_does_not(file, ties):
    options = ("--intervals", "bootstrap", "--ties", ties, "--seed")
    assert rank(file, *options, "1") == rank(file, *options, "1")
    assert rank(file, *options, "1") != rank(file, *options, "2")


def test_groups_are_ranked_apart_with_their_own_bad_rows(file):
    with file.open("a") as lines:
        lines.write("x,y,nobody,r1,2\nx,y,tie,r1,\n")
    found = rank(file, "--by", "turn")
    assert list(found["groups"]) == ["1", "2"]
    assert all(list(group) == KEYS for group in found["groups"].values())
    assert [group["n_votes"] for group in found["groups"].values()] == [18, 18]
    assert found["groups"]["1"]["skipped"] == []
    assert [one["row"] for one in found["groups"]["2"]["skipped"]] == [38]
    assert found["skipped"] == [{"row": 39, "reason": "turn is empty"}]


def test_the_rater_column_can_be_named(file):
    assert rank(file, "--rater", "turn")["n_raters"] == 2
    assert rank(file, "--columns", "a=model_a,b=model_b,winner=winner")["n_raters"] is None
    named = "a=model_a,b=model_b,winner=winner,rater=judge"
    assert rank(file, "--columns", named) == rank(file)


# ---- clusters, comparisons and the audit ---------------------------------------------------------


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Votes of 15 raters on 12 prompts, of which one has few."""
    rng = np.random.default_rng(4)
    strength = {"x": 1.2, "y": 0.1, "z": -1.3}
    lines = ["model_a,model_b,winner,judge,question_id"]
    for _ in range(900):
        a, b = rng.permutation(list(strength))[:2]
        chance = 1 / (1 + np.exp(strength[b] - strength[a]))
        words = ("model_a", "model_b", "tie")
        winner = rng.choice(words, p=(0.8 * chance, 0.8 * (1 - chance), 0.2))
        lines.append(f"{a},{b},{winner},r{rng.integers(15)},q{rng.integers(12)}")
    path = tmp_path / "crowd.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_raters_and_prompts_that_are_known_are_what_votes_depend_on(crowd):
    found = rank(crowd)
    assert found["intervals"] == "two-way"
    assert found["uncertainty"]["clusters"] == {"rater": 15, "prompt": 12}
    assert found["uncertainty"]["larger_source"] in {"rater", "prompt"}
    assert found["uncertainty"]["fragile"] == []
    assert "clustered by 15 raters and 12 prompts" in written(crowd)


def test_without_a_column_for_it_less_is_known(crowd):
    text = crowd.read_text(encoding="utf-8")
    crowd.write_text(text.replace("question_id", "turn"), encoding="utf-8")
    assert rank(crowd)["intervals"] == "cluster"
    assert rank(crowd, "--prompt", "turn")["intervals"] == "two-way"
    crowd.write_text(text.replace("judge", "who"), encoding="utf-8")
    by_prompt = rank(crowd)
    assert (by_prompt["intervals"], by_prompt["n_raters"]) == ("cluster", None)
    assert by_prompt["uncertainty"]["clusters"] == {"prompt": 12}
    crowd.write_text(text.replace("judge,question_id", "who,turn"), encoding="utf-8")
    assert rank(crowd)["intervals"] == "sandwich"
    named = "a=model_a,b=model_b,winner=winner,rater=who,prompt=turn"
    assert rank(crowd, "--columns", named)["intervals"] == "two-way"


def test_a_side_with_few_clusters_is_fragile(crowd):
    text = crowd.read_text(encoding="utf-8")
    for prompt in range(9, 12):
        text = text.replace(f",q{prompt}\n", ",q0\n")
    crowd.write_text(text, encoding="utf-8")
    assert rank(crowd)["uncertainty"]["fragile"] == ["prompt"]
    assert "fragile: few prompts" in written(crowd)


@pytest.mark.parametrize("kind", ["cluster-bootstrap", "two-way-bootstrap"])
def test_clusters_are_resampled_from_a_seed(crowd, kind):
    options = ("--intervals", kind, "--bootstrap", "200", "--seed")
    one = rank(crowd, *options, "1")
    assert one == rank(crowd, *options, "1")
    assert one != rank(crowd, *options, "2")
    assert all(row["lower"] < row["score"] < row["upper"] for row in one["models"])


def test_rao_and_kuppers_ties_rank_as_davidsons_do(crowd):
    one, other = (rank(crowd, "--ties", ties) for ties in ("rao-kupper", "davidson"))
    assert [row["model"] for row in one["models"]] == [row["model"] for row in other["models"]]
    assert column(one, "strength")["x"] == pytest.approx(column(other, "strength")["x"], rel=0.3)


def test_crowd_bt_is_a_diagnostic_without_intervals(crowd):
    found = rank(crowd, "--method", "crowd-bt")
    assert (found["intervals"], found["converged"]) == ("none", True)
    assert [row["model"] for row in found["models"]] == ["x", "y", "z"]
    assert {row["lower"] for row in found["models"]} == {None}


def test_two_models_get_a_verdict(crowd):
    found = rank(crowd, "--compare", "x", "z", "--margin", "0.05")["compare"]
    assert (found["a"], found["b"], found["verdict"]) == ("x", "z", "better")
    assert found["lower"] > 0
    assert found["probability_better"] > 0.99
    assert rank(crowd, "--compare", "z", "x")["compare"]["verdict"] == "worse"
    assert "x against z: better (" in written(crowd, "--compare", "x", "z")
    near = rank(crowd, "--compare", "x", "y", "--margin", "0.45")["compare"]
    assert near["verdict"] == "equivalent"


def test_too_few_votes_are_said_to_be_too_few_and_how_many_more_there_should_be(crowd):
    lines = crowd.read_text(encoding="utf-8").splitlines()
    crowd.write_text("\n".join(lines[:70]) + "\n", encoding="utf-8")
    options = ("--compare", "x", "y", "--margin", "0.01", "--intervals", "sandwich")
    found = rank(crowd, *options)["compare"]
    if found["verdict"] == "unclear":
        assert found["more_votes"] > 0
        assert "not enough votes: about" in written(crowd, *options)
    else:
        assert found["verdict"] in {"better", "worse"}


def test_the_audit_gives_figures_and_flags(crowd):
    audit = rank(crowd, "--audit")["audit"]
    checks = {one["check"]: one for one in audit["findings"]}
    assert {"connectivity", "position", "rater_influence"} <= set(checks)
    assert set(audit["flags"]) == {name for name, one in checks.items() if one["flagged"]}
    assert "audit: " in written(crowd, "--audit")


def test_the_audit_names_raters_and_prompts_as_the_file_does(crowd):
    text = crowd.read_text(encoding="utf-8").replace(",r3,", ",  ,")
    crowd.write_text(text, encoding="utf-8")
    named = {one["check"]: one["names"] for one in rank(crowd, "--audit")["audit"]["findings"]}
    raters, prompts = {f"r{at}" for at in range(15)}, {f"q{at}" for at in range(12)}
    assert named["concentration"][0] in raters
    assert named["rater_influence"][0] in {*raters, "not named"}
    assert named["prompt_influence"][0] in prompts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--intervals", "two-way"), "name --rater and --prompt"),
        (("--compare", "x", "nobody"), "not among the models"),
        (("--compare", "x", "y", "--method", "elo"), "compared by --method bt"),
        (("--compare", "x", "y", "--ties", "rao-kupper"), "half or davidson"),
        (("--compare", "x", "y", "--margin", "0.5"), "between 0 and 0.5"),
        (("--bootstrap", "1"), "2 to 100000 draws"),
        (("--method", "win-rate", "--intervals", "cluster"), "Win rates take"),
        (("--method", "crowd-bt", "--intervals", "sandwich"), "no interval"),
        (("--audit", "--method", "elo"), "audit is of --method bt"),
        (("--position", "--ties", "davidson"), "--method bt and --ties half"),
        (("--position", "--intervals", "bootstrap"), "sandwich, cluster or two-way"),
        (("--position", "--compare", "x", "y"), "without --position and --style"),
        (("--style", "model_a", "nothing"), "no column 'nothing'"),
    ],
)
def test_choices_that_cannot_be_are_refused(file, options, message):
    with pytest.raises(CommandError, match=message) as refused:
        rank(file, *options)
    assert refused.value.returncode == 2


@pytest.fixture
def swayed(tmp_path):
    """Votes for the left and for the longer of two answers, by equal models; one row has no text."""
    rng = np.random.default_rng(4)
    lines = ["model_a,model_b,winner,judge,question_id,said_a,said_b"]
    for vote in range(3000):
        one, other = rng.permutation(["x", "y", "z"])[:2]
        lengths = rng.integers(1, 60, size=2)
        longer = (lengths[0] - lengths[1]) / lengths.sum()
        won = rng.random() < 1 / (1 + math.exp(-(0.5 + 1.2 * longer)))
        texts = ("w" * length for length in lengths)
        winner = "model_a" if won else "model_b"
        lines.append(",".join([one, other, winner, f"r{vote % 40}", f"q{vote % 60}", *texts]))
    path = tmp_path / "swayed.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_sways_votes_is_told_beside_strengths_freed_from_it(swayed):
    found = rank(swayed, "--position", "--style", "said_a", "said_b")
    named = {one["name"]: one for one in found["effects"]}
    assert list(named) == ["position", "length"]
    assert found["intervals"] == "two-way"
    assert named["position"]["lower"] < 0.5 < named["position"]["upper"]
    assert named["length"]["lower"] < 1.2 < named["length"]["upper"]
    assert named["length"]["lower"] > 0.5
    assert "effect of length: +1." in written(swayed, "--style", "said_a", "said_b")


def test_only_layouts_that_say_who_was_shown_first_have_a_position(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(
        "model_1,model_2,preference\n" + "a,b,1\nb,a,1\na,b,2\nb,a,2\n" * 3, encoding="utf-8"
    )
    with pytest.raises(CommandError, match="does not say which answer was shown first"):
        rank(path, "--position")
    named = ("--columns", "a=model_1,b=model_2,winner=preference", "--position")
    assert rank(path, *named)["effects"][0]["name"] == "position"


def test_models_that_ranges_do_not_tell_apart_share_a_tier(crowd):
    found = rank(crowd, "--tiers")
    assert sorted(model for tier in found["tiers"] for model in tier) == ["x", "y", "z"]
    ranges = {row["model"]: (row["rank_lower"], row["rank_upper"]) for row in found["models"]}
    for above, below in itertools.pairwise(found["tiers"]):
        for model in below:
            assert any(ranges[one][1] < ranges[model][0] for one in above)
    assert "tier 1: x" in written(crowd, "--tiers")
    assert "tiers" not in rank(crowd)


def test_llmfao_and_mt_bench_are_clustered_by_their_workers_and_prompts():
    crowd = rank(shared_data("votes/llmfao/crowd-comparisons.csv"), "--ties", "davidson")
    assert crowd["uncertainty"]["clusters"] == {"rater": 124, "prompt": 13}
    assert crowd["uncertainty"]["larger_source"] == "prompt"
    bench = rank(shared_data("votes/mt_bench/human.jsonl"))
    assert bench["uncertainty"]["clusters"] == {"rater": 65, "prompt": 80}
    assert bench["uncertainty"]["larger_source"] == "prompt"


METHODS = ROOT / "docs" / "methods.md"
ROW = re.compile(
    r"^\| (?P<size>\d+B) \| (?P<other>GPT [^|]+) \| (?P<points>[^|]+) \| (?P<rate>[^|]+) % "
    r"\| (?P<verdict>[^|]+) \| (?P<alone>[^|]+), (?P<said>[^|]+) \|$",
    re.MULTILINE,
)


def in_points(found: dict) -> list[int]:
    return [round(found[key]) for key in ("difference", "lower", "upper")]


def in_words(cell: str) -> list[int]:
    return [int(one) for one in re.findall(r"[-+]?\d+", cell.replace("−", "-"))]


def test_the_articles_question_is_answered_in_the_methods_as_the_command_answers_it():
    rows = list(ROW.finditer(METHODS.read_text(encoding="utf-8")))
    assert len(rows) == 6
    votes = shared_data("votes/llmfao/crowd-comparisons.csv")
    for row in rows:
        pair = ("--ties", "davidson", "--compare", f"LLaMA-2-Chat ({row['size']})", row["other"])
        found = rank(votes, *pair)["compare"]
        alone = rank(votes, *pair, "--intervals", "sandwich")["compare"]
        assert in_points(found) == pytest.approx(in_words(row["points"]), abs=1)
        assert in_points(alone) == pytest.approx(in_words(row["alone"]), abs=1)
        assert alone["verdict"] == row["said"].strip('"')
        if found["verdict"] == "unclear":
            more, direct = (
                int(one.replace(",", "")) for one in re.findall(r"[\d,]+\d", row["verdict"])
            )
            assert (found["more_votes"], found["more_direct"]) == pytest.approx(
                (more, direct), rel=0.06
            )
        else:
            assert row["verdict"] == f"**{found['verdict']}**"


# ---- data that do not determine a board ----------------------------------------------------------


def test_disconnected_models_are_null_with_their_groups_named(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\na,b,left\nb,a,left\nc,d,tie\nc,d,left\n")
    err = io.StringIO()
    call_command("rank", str(path), stdout=io.StringIO(), stderr=err)
    assert err.getvalue().count("\n") == 1
    assert "Not estimable" in err.getvalue()
    found = rank(path)
    assert found["converged"] is False
    assert found["not_estimable"]["components"] == [["a", "b"], ["c", "d"]]
    for row in found["models"]:
        numbers = [value for key, value in row.items() if key not in {"model", "n"}]
        assert set(numbers) == {None}
        assert row["n"] == 2


def test_a_model_that_never_lost_is_not_given_a_huge_rating(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\n" + "a,b,left\nb,a,left\n" * 9 + "c,a,left\nc,b,left\n")
    found = rank(path)
    assert found["not_estimable"]["components"] == [["c"], ["a", "b"]]
    assert set(column(found, "rating").values()) == {None}
    assert "not estimable" in written(path)
    assert column(rank(path, "--method", "win-rate"), "score")["c"] == 1.0


def test_ties_alone_are_even_without_an_interval_of_no_width(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\na,b,tie\na,b,tie\n")
    found = rank(path)
    assert found["converged"] is True
    assert column(found, "rating") == {"a": 1000, "b": 1000}
    assert set(column(found, "lower").values()) == {None}
    assert "do not vary" in found["not_estimable"]["reason"]


# ---- formats -------------------------------------------------------------------------------------


def test_the_table_lines_up_and_prints_no_control_characters(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\n\x1b[31mred,b,left\nb,\x1b[31mred,left\n")
    lines = written(path).splitlines()
    said = "bt, ties as half a win, 95 % intervals: sandwich, votes taken as independent; 2 votes"
    assert lines[0].startswith(said)
    assert "\\x1b[31mred" in "".join(lines)
    assert "\x1b" not in "".join(lines)


def test_the_csv_is_safe_in_a_spreadsheet(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\n=1+1,b,left\nb,=1+1,left\n")
    rows = list(csv.DictReader(io.StringIO(written(path, "--format", "csv"))))
    assert list(rows[0]) == MODEL_KEYS
    assert {row["model"] for row in rows} == {"'=1+1", "b"}
    assert float(rows[0]["rating"]) == 1000


def test_the_csv_of_groups_has_the_group_first(file):
    rows = list(csv.DictReader(io.StringIO(written(file, "--format", "csv", "--by", "turn"))))
    assert [row["group"] for row in rows] == ["1"] * 3 + ["2"] * 3


# ---- refusals ------------------------------------------------------------------------------------


def refused(path: Path | str, *options: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as caught:
        written(path, *options)
    assert "\n" not in str(caught.value)
    return caught.value.returncode, str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("model_a,model_b,winner\n", "no rows"),
        ("model_a,model_b,winner\nx,x,tie\nx,y,?\n", "2 rows left out (row 2:"),
        ("a,b,c\n1,2,3\n", "No layout"),
        ("\x89PNG\r\n", "looks like"),
        ('model_a,model_b,winner\n"x,y,tie\n', "Row 2 cannot be read"),
    ],
)
def test_a_file_with_nothing_usable_exits_3_with_one_line(tmp_path, content, message):
    path = tmp_path / "votes.csv"
    path.write_bytes(content.encode("latin-1"))
    code, text = refused(path)
    assert code == 3
    assert message in text


def test_votes_that_are_all_both_bad_leave_nothing_when_excluded(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\na,b,both_bad\n")
    assert refused(path, "--both-bad", "exclude") == (3, "No vote is left to rank.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rater", "who"], "no column 'who'"),
        (["--by", "day"], "no column 'day'"),
        (["--columns", "a=model_a,b=model_b,winner=best"], "no column 'best'"),
        (["--anchor", "gpt=1000"], "not among the models"),
        (["--anchor", "x=nan"], "finite"),
        (["--method", "elo", "--intervals", "sandwich"], "no interval"),
        (["--method", "elo", "--ties", "davidson"], "tie parameter"),
        (["--method", "win-rate", "--anchor", "x=1"], "cannot be anchored"),
        (["--k", "0"], "K above 0"),
        (["--seed", "-1"], "not negative"),
    ],
)
def test_wrong_usage_exits_2_with_one_line(file, options, message):
    code, text = refused(file, *options)
    assert code == 2
    assert message in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--anchor", "x"], "MODEL=RATING"),
        (["--anchor", "x=high"], "MODEL=RATING"),
        (["--columns", "a"], "a=…,b=…"),
        (["--columns", "a=p,a=q"], "a=…,b=…"),
    ],
)
def test_options_of_the_wrong_form_are_refused_by_the_parser(file, options, message):
    assert message in refused(file, *options)[1]


def test_a_missing_file_and_a_folder_exit_2(tmp_path):
    assert refused(tmp_path / "none.csv")[0] == 2
    assert refused(tmp_path)[0] == 2


# ---- as a program --------------------------------------------------------------------------------


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "manage.py", "rank", *arguments]
    # A database that cannot be reached shows that none is needed.
    here = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    return subprocess.run(
        command, cwd=ROOT, env=here, input=stdin, capture_output=True, check=False
    )


def test_ranks_the_standard_input_without_a_database():
    done = run("-", "--format", "json", stdin=VOTES.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["n_votes"] == 36


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (["-"], b"", 3),
        (["-"], b"\x89PNG", 3),
        (["-", "--anchor", "x"], VOTES.encode(), 2),
        (["-", "--method", "glicko"], VOTES.encode(), 2),
        ([], b"", 2),
    ],
)
def test_the_shell_sees_the_codes_and_no_traceback(arguments, stdin, code):
    done = run(*arguments, stdin=stdin)
    assert done.returncode == code
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    assert done.stderr


def test_a_fit_that_does_not_converge_is_said_so_and_has_no_numbers(file, monkeypatch):
    monkeypatch.setattr("ratings.scoring.newton.MAX_ITERATIONS", 1)
    found = rank(file)
    assert found["converged"] is False
    assert "gradient per vote" in found["not_estimable"]["reason"]
    assert set(column(found, "rating").values()) == {None}


@pytest.mark.parametrize("name", ["=1+1", " =HYPERLINK(1)", '"=1+1', "+1x", "＝1+1"])
def test_no_name_becomes_a_formula_in_the_csv(tmp_path, name):
    path = tmp_path / "votes.jsonl"
    votes = [(name, "b", "model_a"), ("b", name, "model_a")]
    lines = [{"model_a": a, "model_b": b, "winner": winner} for a, b, winner in votes]
    path.write_text("\n".join(json.dumps(one) for one in lines))
    cells = [row["model"] for row in csv.DictReader(io.StringIO(written(path, "--format", "csv")))]
    assert f"'{name.strip()}" in cells or f"'{name}" in cells


def test_counts_one_vote_and_one_rater_in_good_english(tmp_path, capsys):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner,judge\nx,y,model_a,ann\n")
    call_command("rank", str(path), "--rater", "judge")
    assert "; 1 vote, 1 rater\n" in capsys.readouterr().out
