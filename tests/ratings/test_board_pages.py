"""Pages of boards: what a researcher reads on them, and how little the database is asked for them."""

import re
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from judging.services.studies import amend_study, close_study
from ratings.models import ExportFile
from ratings.services.snapshots import take_snapshot
from ratings.views.shown import changed
from tests.ratings.studies import (
    FOUR_WAY,
    GRADED,
    Given,
    build_study,
    judge_at_random,
    make_raters,
    submit,
)
from tests.scenarios import published_study

pytestmark = pytest.mark.django_db
BOARD = "/studies/birds/board/"


@pytest.fixture
def researcher(dave) -> Client:
    client = Client()
    client.force_login(dave)
    return client


@pytest.fixture
def judged():
    built = build_study(criteria=[FOUR_WAY, GRADED], state="closed")
    judge_at_random(built, make_raters(12, kind="simulated"), each=4)
    return built


@pytest.fixture
def snapshot(judged):
    return take_snapshot(version=judged.version, now=timezone.now())[0]


def shown(client, address) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_board_shows_each_criterion_the_composite_and_who_judged(snapshot, researcher):
    page = shown(researcher, BOARD)
    for words in ("At a glance", "Helpfulness", "Truthfulness", "Composite", "Simulated raters"):
        assert words in page
    assert "froze: Helpfulness 1, Truthfulness 1." in " ".join(page.split())
    assert page.count('class="plot"') == 3


def test_a_new_board_is_offered_while_it_could_be_another(judged, snapshot, researcher):
    page = shown(researcher, BOARD)
    assert "Take a new board" not in page
    assert "a new board would be this one" in page
    judge_at_random(judged, make_raters(1, kind="simulated", prefix="late"), each=1)
    page = shown(researcher, BOARD)
    assert "Take a new board" in page
    assert "a new board would be this one" not in page


def test_a_closed_study_asks_for_the_board_that_is_final(judged, researcher):
    studies = type(judged.study).objects
    studies.update(state="open")
    take_snapshot(version=judged.version, now=timezone.now())
    assert "everything on it may still change" in shown(researcher, BOARD)
    studies.update(state="closed")
    page = shown(researcher, BOARD)
    assert "only a board taken since then is final" in page
    assert "everything on it may still change" not in page
    assert "Take the final board" in page


def test_at_a_glance_models_stand_in_the_order_of_the_primary_criterion(snapshot, researcher):
    answer = researcher.get(BOARD)
    primary = next(one for one in answer.context["parts"] if one["primary"])
    other = next(one for one in answer.context["parts"] if not one["primary"])
    in_order = [row["model"] for row in primary["rows"]]
    assert [one["model"] for one in answer.context["glance"]] == in_order
    assert in_order != [row["model"] for row in other["rows"]]


def test_every_question_mark_has_its_words_and_no_words_lack_one(snapshot, researcher):
    board = shown(researcher, BOARD)
    names = [one["model"] for one in snapshot.result["models"]]
    pair = shown(researcher, f"/boards/{snapshot.pk}/two/?a={names[0]}&b={names[1]}")
    hangs_on = shown(researcher, f"/boards/{snapshot.pk}/two/fragility/?a={names[0]}&b={names[1]}")
    # Those that stand only where something is not ranked, a study is still open, or it is opened.
    seldom = {"term-not_estimable", "term-anytime", "term-fragility"}
    assert 'id="term-fragility"' in pair
    for page in (board, pair, hangs_on):
        asked = set(re.findall(r'popovertarget="(term-\w+)"', page))
        told = set(re.findall(r'id="(term-\w+)"', page))
        assert asked <= told
        assert told - asked <= seldom


def test_a_study_without_a_board_offers_to_take_one(judged, researcher):
    page = shown(researcher, BOARD)
    assert "No board has been taken" in page
    assert "Take a board" in page


def test_a_model_that_lost_every_vote_is_named_with_the_reason_and_the_mean_goes_on(researcher):
    built = build_study(models=("ant", "bee", "cow", "dud"), criteria=[FOUR_WAY, GRADED])
    submit(built, _with_a_dud(built, make_raters(12)))
    built.study.state = "closed"
    built.study.save()
    take_snapshot(version=built.version, now=timezone.now())
    page = shown(researcher, BOARD)
    assert "lost every vote against the ranked models" in page
    assert "This mean leaves out models" in page
    assert "There is no composite" not in page


def _with_a_dud(built, raters):
    """Among the others everything happens; the dud loses every vote on helpfulness."""
    dud = built.models[-1].pk
    for at, comparison in enumerate(built.comparisons):
        for place in range(4):
            turn = at + place
            helpful = ("a", "b", "tie")[turn % 3]
            if comparison.pair.second_model_id == dud:
                helpful = "a"
            values = {"helpfulness": helpful, "truthfulness": (-2, 1, 0)[turn % 3]}
            yield Given(raters[(at * 4 + place) % 12], comparison, swapped=False, values=values)


def test_two_models_are_compared_in_words_and_numbers(snapshot, researcher):
    page = shown(researcher, f"/boards/{snapshot.pk}/two/?a=ant&b=bee")
    assert "against" in page
    assert page.count('class="plot gap"') == 3
    assert 'id="term-difference"' in page


def test_the_order_of_two_models_says_how_little_it_hangs_on(snapshot, researcher):
    address = f"/boards/{snapshot.pk}/two/fragility/?a=ant&b=bee"
    assert "<h1>" in shown(researcher, address)
    piece = researcher.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" not in piece
    # Taking out the votes that are told turns the two around: see the tests of fewest_to_flip.
    assert re.search(r"<td>\d+ of \d+</td>", piece)
    with mock.patch("ratings.services.fragility.MOST_VOTES", 1):
        assert "too many votes" in shown(researcher, address)
    assert researcher.get(address.replace("bee", "none")).status_code == 404
    assert researcher.get(address.replace("bee", "ant")).status_code == 400


@pytest.mark.parametrize(
    ("query", "status"), [("a=ant&b=ant", 400), ("a=ant&b=none", 404), ("", 400)]
)
def test_a_pair_that_makes_no_sense_is_refused(snapshot, researcher, query, status):
    assert researcher.get(f"/boards/{snapshot.pk}/two/?{query}").status_code == status


def test_head_to_head_is_a_page_and_a_piece_of_one(snapshot, researcher):
    address = f"/boards/{snapshot.pk}/head-to-head/helpfulness/"
    assert "<h1>" in shown(researcher, address)
    piece = researcher.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" not in piece
    assert 'class="matrix"' in piece
    assert researcher.get(f"/boards/{snapshot.pk}/head-to-head/none/").status_code == 404


def test_both_bad_is_told_only_of_a_scale_that_has_it(snapshot, researcher):
    four_way, graded = (
        shown(researcher, f"/boards/{snapshot.pk}/head-to-head/{key}/")
        for key in ("helpfulness", "truthfulness")
    )
    assert "both bad" in four_way.lower()
    assert "both bad" not in graded.lower()
    told = re.findall(r"<p class=\"soft\">[^<]* votes by [^<]*\.</p>", shown(researcher, BOARD))
    assert ["both bad" in one for one in told] == [True, False]


def test_an_earlier_board_says_that_there_is_a_newer_one(snapshot, judged, researcher):
    take_snapshot(version=judged.version, now=timezone.now(), seed=1)
    assert "This is an earlier board" in shown(researcher, f"/boards/{snapshot.pk}/")


# ---- queries ------------------------------------------------------------------------------------


def queries(client, address) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def files_of(version, count):
    ExportFile.objects.bulk_create(
        ExportFile(study_version=version, what="judgments", file_format="csv", last_judgment_id=at)
        for at in range(count)
    )


def boards_of(snapshot, count):
    for seed in range(1, count):
        take_snapshot(version=snapshot.study_version, now=timezone.now(), seed=seed)


def studies_of(count):
    for at in range(count):
        build_study(
            slug=f"study-{count}-{at}", models=(f"m{count}-{at}", f"n{count}-{at}"), prompts=1
        )


def test_home_asks_as_much_for_fifty_studies_as_for_two(researcher):
    studies_of(2)
    few = queries(researcher, "/")
    studies_of(50)
    assert queries(researcher, "/") == few


def test_the_list_of_boards_asks_as_much_for_fifty_as_for_two(snapshot, researcher):
    boards_of(snapshot, 2)
    few = queries(researcher, "/studies/birds/boards/")
    boards_of(snapshot, 50)
    assert queries(researcher, "/studies/birds/boards/") == few


def test_the_list_of_files_asks_as_much_for_fifty_as_for_two(snapshot, researcher):
    files_of(snapshot.study_version, 2)
    few = queries(researcher, "/studies/birds/exports/")
    files_of(snapshot.study_version, 48)
    assert queries(researcher, "/studies/birds/exports/") == few


def test_a_board_asks_as_much_whatever_is_on_it(researcher):
    counted = {}
    for models in (2, 10):
        names = [f"m{models}-{at}" for at in range(models)]
        built = build_study(slug=f"of-{models}", models=names, prompts=2, state="closed")
        judge_at_random(built, make_raters(12, prefix=f"r{models}-"), each=4)
        found, later = (
            take_snapshot(version=built.version, now=timezone.now(), seed=seed)[0]
            for seed in (0, 1)
        )
        pages = (
            f"/studies/of-{models}/board/",
            f"/boards/{found.pk}/two/?a={names[0]}&b={names[1]}",
            f"/boards/{found.pk}/head-to-head/helpfulness/",
            f"/studies/of-{models}/boards/changes/?from={found.pk}&to={later.pk}",
        )
        counted[models] = [queries(researcher, one) for one in pages]
    assert counted[2] == counted[10]


def test_of_a_closed_study_an_interim_board_says_so_and_the_final_one_is_offered(researcher):
    built = build_study(criteria=[GRADED], state="open")
    judge_at_random(built, make_raters(4), each=4)
    take_snapshot(version=built.version, now=timezone.now())
    assert "everything on it may still change" in shown(researcher, BOARD)
    close_study(study=built.study, now=timezone.now())
    page = shown(researcher, BOARD)
    assert "is closed now" in page
    assert "everything on it may still change" not in page
    assert "Take the final board" in page


def test_after_an_amendment_the_way_to_earlier_boards_stays(researcher):
    scene = published_study()
    take_snapshot(version=scene.version, now=timezone.now())
    changes = {"guidelines": "Read twice."}
    amend_study(study=scene.study, changes=changes, now=timezone.now())
    page = shown(researcher, f"/studies/{scene.study.slug}/board/")
    assert "since version 2 was published" in page
    assert f'href="/studies/{scene.study.slug}/boards/"' in page


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ((1, 2), (1, 2), "same"),
        ((1, 2), (1, 4), "overlap"),
        ((3, 4), (1, 2), "up"),
        ((1, 1), (2, 4), "down"),
        ((None, None), (1, 2), ""),
    ],
)
def test_a_model_moved_only_where_its_ranks_before_and_after_are_apart(before, after, moved):
    row = {"model": "m", "rank": (1, 4), "rating": (1000.0, 990.0), "battles": (4, 8)}
    row |= {"rank_lower": (before[0], after[0]), "rank_upper": (before[1], after[1])}
    part = {"key": "quality", "label": "Quality", "votes": (4, 8), "rows": [row]}
    found = changed({"names": {"m": "M"}, "criteria": [part]})
    assert found["criteria"][0]["rows"][0]["moved"] == moved
