"""Places kept for cohorts and for named raters: exact, first, and nobody else's."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.services.invitations import accept_invitation
from core.errors import Conflict, Invalid
from judging.models import Assignment, CohortMembership, Comparison, KeptPlaces
from judging.protocol import parse_protocol, plan
from judging.protocol.audiences import PromptFacts, least_raters, places_for
from judging.services.assignments import find_assignment, lease_next, skip_assignment
from judging.services.checks import add_extra_places, make_gold
from judging.services.cohorts import cohort_progress, invite_to_cohort, set_cohort
from judging.services.endings import Reason, ending_of, stop_judging
from judging.services.judgments import record_judgment
from judging.services.studies import (
    amend_study,
    create_study,
    plan_study,
    publish_version,
    study_progress,
)
from tests.scenarios import (
    get_or_make_user,
    make_completions,
    make_models,
    make_pool,
    make_rater,
    protocol_for,
)

LAWYERS = {"key": "lawyers", "label": "Lawyers"}
STUDENTS = {"key": "students", "label": "Students"}
BODY = {"votes": {"quality": 1}}
LAW = {"cohort": "lawyers", "prompts": ["q0"]}


def draft(*, prompts=4, models=2, **protocol):
    pool = make_pool(prompts=prompts)
    made = make_models(models)
    make_completions(pool, made)
    return create_study(
        slug="study",
        name="A study",
        created_by=get_or_make_user("alice", "admin"),
        protocol=protocol_for(pool, made, **protocol),
    )


def put(study, cohort, *raters, now):
    names = [one.pseudonym for one in raters]
    return set_cohort(study=study, raters=names, cohort=cohort, by=study.created_by, now=now)


def judge_all(rater, now, slug="study"):
    """Judge until nothing is left; return the prompts, in order."""
    seen = []
    while leased := lease_next(rater=rater, slug=slug, now=now):
        held = find_assignment(rater=rater, token=leased.blinded.token)
        record_judgment(assignment=held, body=BODY, now=now)
        row = Assignment.objects.get(pk=held.pk)
        seen.append((row.comparison.prompt.external_id, row.cohort, row.kept_for))
    return seen


def places_add_up(study):
    for one in KeptPlaces.objects.filter(comparison__study=study):
        active = Assignment.objects.filter(
            comparison=one.comparison, kept_for=one.kept_for, state__in=["leased", "judged"]
        )
        assert one.places - one.open_places == active.count()
    for one in Comparison.objects.filter(study=study):
        active = Assignment.objects.filter(
            comparison=one, kept_for="", purpose="planned", state__in=["leased", "judged"]
        )
        assert one.places - one.open_places == active.count()


@pytest.fixture
def mixed(db, now):
    """Three judgments of each of four comparisons: two by lawyers, one by anybody; q0 is lawyers' alone."""
    study = draft(
        judgments_per_comparison=3,
        cohorts=[LAWYERS | {"judgments": 2}, STUDENTS],
        reserved=[LAW],
    )
    lawyers = [make_rater(name) for name in ("lena", "leo", "lars")]
    put(study, "lawyers", *lawyers, now=now)
    publish_version(study=study, now=now)
    study.refresh_from_db()
    return study, lawyers


def test_each_group_gets_exactly_its_places(mixed, now):
    study, lawyers = mixed
    bob, carol = make_rater("bob"), make_rater("carol")
    assert {one for one, *_ in judge_all(bob, now)} == {"q1", "q2", "q3"}
    assert judge_all(carol, now) == []
    by_lawyers = [judge_all(one, now) for one in lawyers]
    assert [len(one) for one in by_lawyers] == [4, 4, 1]
    assert by_lawyers[2] == [("q0", "lawyers", "lawyers")]
    assert study_progress(study=study).open_places == 0
    assert study_progress(study=study).judgments == study_progress(study=study).places == 12
    places_add_up(study)


def test_the_page_says_that_the_rest_is_kept_for_others(mixed, now, client_of):
    study, _lawyers = mixed
    bob = make_rater("bob")
    judge_all(bob, now)
    assert ending_of(rater=bob, study=study).reason == Reason.RESERVED
    answer = client_of(bob.user).post("/api/v1/studies/study/assignments/")
    assert (answer.status_code, "Retry-After" in answer) == (204, False)


def test_kept_places_come_before_those_of_anybody(db, now):
    study = draft(prompts=8, cohorts=[LAWYERS], reserved=[LAW | {"prompts": ["q5", "q6"]}])
    lena = make_rater("lena")
    put(study, "lawyers", lena, now=now)
    publish_version(study=study, now=now)
    found = judge_all(lena, now)
    assert {one for one, *_ in found[:2]} == {"q5", "q6"}
    assert [kept for _, _, kept in found] == ["lawyers"] * 2 + [""] * 6
    assert {cohort for _, cohort, _ in found} == {"lawyers"}


def test_named_raters_alone_are_shown_what_is_reserved_for_them(db, now):
    expert, bob = make_rater("expert"), make_rater("bob")
    study = draft(reserved=[{"raters": [expert.pseudonym], "prompts": ["q1"]}])
    publish_version(study=study, now=now)
    assert {one for one, *_ in judge_all(bob, now)} == {"q0", "q2", "q3"}
    assert [one for one, *_ in judge_all(expert, now)] == ["q1"]


def test_a_place_given_back_is_kept_for_the_same_group(mixed, now):
    study, (lena, leo, lars) = mixed
    bob, lola = make_rater("bob"), make_rater("lola")
    put(study, "lawyers", lola, now=now)
    lease_next(rater=lena, slug="study", now=now)
    token = lease_next(rater=leo, slug="study", now=now).blinded.token
    stop_judging(rater=lena, now=now)
    skip_assignment(assignment=find_assignment(rater=leo, token=token), reason="too_long", now=now)
    places_add_up(study)
    assert "q0" not in {one for one, *_ in judge_all(bob, now)}
    assert sum(len(judge_all(one, now)) for one in (lena, leo, lars, lola)) == 9
    places_add_up(study)


def test_who_leaves_a_cohort_no_longer_gets_what_they_had_given_back(mixed, now):
    study, (lena, *_) = mixed
    lease_next(rater=lena, slug="study", now=now)
    stop_judging(rater=lena, now=now)
    put(study, "", lena, now=now)
    assert {kept for _, _, kept in judge_all(lena, now)} == {""}
    assert [one.cohort for one in CohortMembership.objects.filter(rater=lena)] == ["lawyers", ""]


def test_the_invitation_says_the_cohort(db, now, client_of):
    study = draft(prompts=2, cohorts=[LAWYERS], reserved=[LAW])
    with pytest.raises(Conflict, match="Lawyers: 1 raters are needed"):
        publish_version(study=study, now=now)
    made = invite_to_cohort(study=study, cohort="lawyers", by=study.created_by, now=now)
    publish_version(study=study, now=now)
    user = accept_invitation(secret=made.secret, username="lena", now=now)
    user.rater_profile.languages = ["en"]
    user.rater_profile.save(update_fields=["languages"])
    assert [one.links for one in cohort_progress(study=study, now=now)] == [0, 0]
    assert sorted(judge_all(user.rater_profile, now)) == [
        ("q0", "lawyers", "lawyers"),
        ("q1", "lawyers", ""),
    ]


def test_progress_counts_what_this_rater_may_judge(mixed, now):
    _study, (lena, *_) = mixed
    assert lease_next(rater=lena, slug="study", now=now).blinded.progress.target == 4
    assert lease_next(rater=make_rater("bob"), slug="study", now=now).blinded.progress.target == 3


def test_gold_and_extra_judgments_of_reserved_prompts_stay_with_the_group(db, now):
    study = draft(
        prompts=1,
        judgments_per_comparison=2,
        cohorts=[LAWYERS],
        reserved=[LAW],
        checks={"extra_judgments": 1},
    )
    lawyers = [make_rater(name) for name in ("lena", "leo", "lars")]
    put(study, "lawyers", *lawyers, now=now)
    publish_version(study=study, now=now)
    for at, one in enumerate(lawyers[:2]):
        token = lease_next(rater=one, slug="study", now=now).blinded.token
        held = find_assignment(rater=one, token=token)
        grade = 2 if (at == 0) == held.swapped else -2
        record_judgment(assignment=held, body={"votes": {"quality": grade}}, now=now)
    assert add_extra_places(study=study) == 1
    assert lease_next(rater=make_rater("bob"), slug="study", now=now) is None
    assert lease_next(rater=lawyers[2], slug="study", now=now) is not None
    assert Assignment.objects.filter(purpose="extra", rater=lawyers[2]).count() == 1


def test_gold_of_a_reserved_prompt_is_not_shown_to_others(db, now):
    study = draft(prompts=2, cohorts=[LAWYERS], reserved=[LAW], checks={"gold": 0.4})
    put(study, "lawyers", make_rater("lena"), now=now)
    publish_version(study=study, now=now)
    reserved = Comparison.objects.get(prompt__external_id="q0")
    make_gold(comparison=reserved, answers={"quality": "first"}, by=None, reason="known")
    for number in range(12):
        rater = make_rater(f"rater-{number}")
        assert "q0" not in {one for one, *_ in judge_all(rater, now)}


def test_an_amendment_keeps_what_was_taken_and_moves_the_rest(mixed, now):
    study, (lena, leo, lars) = mixed
    judge_all(lena, now)
    amend_study(study=study, changes={"reserved": [], "cohorts": [LAWYERS, STUDENTS]}, now=now)
    places_add_up(study)
    kept = KeptPlaces.objects.filter(comparison__study=study)
    assert {(one.wanted, one.places, one.open_places) for one in kept} == {(0, 1, 0)}
    # Three judgments by anybody, and what lena judged stays beside them.
    assert {one.places for one in Comparison.objects.filter(study=study)} == {3}
    assert len(judge_all(make_rater("bob"), now)) == 4
    places_add_up(study)
    back = {"reserved": [LAW], "cohorts": [LAWYERS | {"judgments": 2}, STUDENTS]}
    amend_study(study=study, changes=back, now=now)
    places_add_up(study)
    assert {(one.wanted, one.places) for one in kept.all()} == {(2, 2), (3, 3)}
    assert [len(judge_all(one, now)) for one in (leo, lars)] == [4, 1]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"cohorts": [LAWYERS | {"judgments": 2}]}, "cohorts"),
        ({"cohorts": [LAWYERS, LAWYERS]}, "cohorts.1.key"),
        ({"reserved": [LAW]}, "reserved.0.cohort"),
        ({"cohorts": [LAWYERS], "reserved": [LAW | {"raters": ["R-x"]}]}, "reserved.0"),
        ({"cohorts": [LAWYERS], "reserved": [{"cohort": "lawyers"}]}, "reserved.0"),
        ({"reserved": [{"raters": [], "prompts": ["q0"]}]}, "reserved.0"),
        ({"cohorts": [{"key": "no good", "label": "x"}]}, "cohorts.0.key"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(changes, column):
    with pytest.raises(Invalid) as refused:
        parse_protocol({"judgments_per_comparison": 1, **changes}, complete=False)
    assert column in {one.column for one in refused.value.errors}


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"reserved": [{"raters": ["R-22222222"], "prompts": ["q0"]}]}, "reserved.0.raters"),
        ({"cohorts": [LAWYERS], "reserved": [LAW | {"prompts": ["q9"]}]}, "reserved.0.prompts"),
        ({"cohorts": [LAWYERS], "reserved": [LAW | {"domains": ["law"]}]}, "reserved.0.domains"),
    ],
)
def test_what_is_not_there_is_refused_at_publication(db, now, changes, column):
    study = draft(**changes)
    with pytest.raises(Invalid) as refused:
        publish_version(study=study, now=now)
    assert [one.column for one in refused.value.errors] == [column]


def test_too_few_raters_for_the_pairs_are_refused_with_how_many(db, now):
    study = draft(models=4, cohorts=[LAWYERS], reserved=[LAW])
    put(study, "lawyers", make_rater("lena"), make_rater("leo"), now=now)
    with pytest.raises(Conflict, match="3 raters are needed who read en, and there are 2"):
        publish_version(study=study, now=now)
    put(study, "lawyers", make_rater("lars", languages=("fr",)), now=now)
    with pytest.raises(Conflict, match="there are 2"):
        publish_version(study=study, now=now)
    put(study, "lawyers", make_rater("lola"), now=now)
    assert publish_version(study=study, now=now).judgeable_by_group == {"lawyers": {"en": 2}}


@pytest.mark.parametrize(
    ("edges", "places", "views", "least"),
    [
        ([(1, 2)], 3, None, 3),
        ([(1, 2), (1, 3), (2, 3)], 1, None, 3),
        ([(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)], 1, None, 3),
        ([(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)], 2, 1, 12),
        ([(1, 2), (1, 3), (1, 4)], 2, None, 6),
        ([(1, 2)], 0, None, 0),
    ],
)
def test_how_many_raters_a_prompt_needs_at_least(edges, places, views, least):
    assert least_raters(edges, places=places, views=views) == least


def test_the_plan_tells_the_judgments_of_each_group(db):
    study = draft(judgments_per_comparison=3, cohorts=[LAWYERS | {"judgments": 2}], reserved=[LAW])
    told = [(one.key, one.label, one.judgments) for one in plan_study(study=study).numbers.groups]
    assert told == [("", "", 3), ("lawyers", "Lawyers", 9)]


def test_a_rule_names_prompts_by_what_they_are():
    protocol = parse_protocol(
        {
            "judgments_per_comparison": 2,
            "cohorts": [LAWYERS, STUDENTS | {"judgments": 1}],
            "reserved": [{"cohort": "lawyers", "categories": ["law"], "risk_tags": ["advice"]}],
        },
        complete=False,
    )
    facts = {
        "category": PromptFacts("a", "law", "", []),
        "tag": PromptFacts("b", "", "law", ["advice"]),
        "none": PromptFacts("c", "", "law", []),
    }
    assert [places_for(protocol, one) for one in facts.values()] == [
        {"lawyers": 2},
        {"lawyers": 2},
        {"": 1, "students": 1},
    ]
    assert plan(protocol, prompts=0, facts=[]).groups == ()


@pytest.mark.django_db(transaction=True)
def test_no_kept_place_is_given_twice_at_once(now):
    study = draft(prompts=6, judgments_per_comparison=2, cohorts=[LAWYERS | {"judgments": 1}])
    raters = [make_rater(f"rater-{number}") for number in range(8)]
    put(study, "lawyers", *raters[:4], now=now)
    publish_version(study=study, now=now)
    together, failed = Barrier(len(raters)), []

    def work(rater):
        try:
            together.wait(timeout=60)
            judge_all(rater, now + timedelta(seconds=1))
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(one,)) for one in raters]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    places_add_up(study)
    assert study_progress(study=study).open_places == 0
    for one in KeptPlaces.objects.filter(comparison__study=study):
        judged = Assignment.objects.filter(comparison=one.comparison, state="judged")
        assert sorted(judged.values_list("kept_for", flat=True)) == ["", "lawyers"]
        assert judged.get(kept_for="lawyers").cohort == "lawyers"


def test_the_page_puts_raters_and_invites(mixed, now, client):
    study, (lena, *_) = mixed
    client.force_login(study.created_by)
    address, rater = f"/studies/{study.slug}/cohorts/", make_rater("newcomer")
    assert "R-" in client.get(address).content.decode()
    sent = {"cohort": "students", "raters": f"{rater.pseudonym}, {lena.pseudonym}", "do": "put"}
    assert client.post(address, sent).status_code == 302
    newest = CohortMembership.objects.filter(rater=lena).order_by("-pk")[0]
    assert (newest.cohort, newest.by) == ("students", study.created_by)
    wrong = client.post(address, sent | {"raters": "R-nobody22"})
    assert wrong.status_code == 400
    assert "There is no rater R-nobody22" in wrong.content.decode()
    invited = client.post(address, {"cohort": "lawyers", "max_uses": 3, "do": "invite"})
    assert "/join/" in invited.content.decode()
    assert {one.key: one.links for one in cohort_progress(study=study, now=now)}["lawyers"] == 3
    sent = {"study": study.slug, "cohort": "lawyers"}
    assert client.post(f"/raters/{rater.pseudonym}/cohort/", sent).status_code == 302
    assert CohortMembership.objects.filter(rater=rater).order_by("-pk")[0].cohort == "lawyers"


def test_the_api_tells_cohorts_puts_raters_and_invites(mixed, now, client_of):
    study, lawyers = mixed
    client, rater = client_of(study.created_by), make_rater("newcomer")
    judge_all(lawyers[0], now)
    address = f"/api/v1/studies/{study.slug}/cohorts/"
    told = {one["key"]: one for one in client.get(address).json()}
    assert told["lawyers"]["members"] == [one.pseudonym for one in lawyers]
    assert (told["lawyers"]["places"], told["lawyers"]["taken"]) == (9, 4)
    assert (told[""]["members"], told[""]["places"], told["students"]["places"]) == (None, 3, 0)
    body = {"cohort": "students", "raters": [rater.pseudonym]}
    assert client.post(address, body, format="json").json() == {"changed": 1}
    assert client.post(address, body, format="json").json() == {"changed": 0}
    wrong = client.post(address, body | {"cohort": "judges"}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["column"]) == (400, "cohort")
    links = f"/api/v1/studies/{study.slug}/invitations/"
    made = client.post(links, {"cohort": "students", "max_uses": 2}, format="json")
    assert (made.status_code, "/join/" in made.json()["url"]) == (201, True)
    plan = client.get(f"/api/v1/studies/{study.slug}/plan/").json()
    assert [(one["key"], one["judgments"]) for one in plan["groups"]] == [("", 3), ("lawyers", 9)]
