"""Models that answer alike cannot be told apart by anything a rater receives; planted leaks can."""

import time
from dataclasses import replace

import numpy as np
import pytest

from bench import _twins
from bench.blinding import CANARY, truth_of, twin_study
from models_registry.models import Completion
from tests.scenarios import make_rater

PROMPTS, RATERS, EACH = 24, 10, 60
HIDDEN = {"X-Request-ID", "Set-Cookie"}


def observed(client, page_client, scene) -> _twins.Seen:
    """One assignment taken, looked at on the page, and judged."""
    began = time.perf_counter()
    shown = client.post(scene.url)
    next_ms = (time.perf_counter() - began) * 1_000
    page = page_client.get(f"/judge/{scene.study.slug}/")
    url = f"/api/v1/assignments/{shown.json()['token']}/judgment/"
    began = time.perf_counter()
    recorded = client.post(url, scene.body, format="json")
    submit_ms = (time.perf_counter() - began) * 1_000
    assert (shown.status_code, page.status_code, recorded.status_code) == (201, 200, 201)
    headers = {
        f"{kind} {name}": value
        for kind, answer in (("next", shown), ("page", page), ("recorded", recorded))
        for name, value in answer.headers.items()
        if name not in HIDDEN
    }
    return _twins.Seen(
        body=shown.json(),
        raw=shown.content,
        headers=headers,
        recorded=recorded.json(),
        page=page.content.decode(),
        next_ms=next_ms,
        submit_ms=submit_ms,
        at=began,
    )


def test_what_stands_around_an_answer_tells_nothing(client_of, db):
    """The twins' answers begin and end differently: as many models' do, and no page shows."""
    scene = twin_study(2)
    written = set(Completion.objects.filter(prompt__position=1).values_list("text", flat=True))
    assert len(written) == _twins.TWINS
    client = client_of(scene.bob.user)
    for _ in range(6):
        shown = client.post(scene.url).json()
        assert shown["a"] == shown["b"]
        client.post(
            f"/api/v1/assignments/{shown['token']}/judgment/", {"votes": {"quality": 1}}, "json"
        )


@pytest.mark.once  # `bench blinding` goes through the real server on PostgreSQL
@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_twins_stay_at_chance_and_every_planted_leak_is_found(client_of, client):
    scene = twin_study(PROMPTS)
    scene.votes = {"quality": 1}
    seen = []
    for number in range(RATERS):
        rater = make_rater(f"rater-{number}")
        client.force_login(rater.user)
        seen += [observed(client_of(rater.user), client, scene) for _ in range(EACH)]
    known = truth_of()
    truths = [_twins.Twin(*known[one.body["token"]]) for one in seen]
    labels = np.array([one.a for one in truths])
    bound = _twins.threshold(len(seen))

    def named(observations) -> float:
        table = _twins.matrix([_twins.features(one) for one in observations])
        return _twins.accuracy(table, labels)

    assert named(seen) <= bound
    shares = {
        name: named([leak(one, twin) for one, twin in zip(seen, truths, strict=True)])
        for name, leak in _twins.LEAKS.items()
    }
    assert len(shares) == 20
    assert [name for name, share in shares.items() if share <= bound] == []
    assert _twins.side_independence(truths) > 0.01
    assert _twins.timing(seen, truths)[0] > 0.001
    late = [
        replace(one, next_ms=one.next_ms + twin.a) for one, twin in zip(seen, truths, strict=True)
    ]
    assert _twins.timing(late, truths)[0] < 0.001
    for one in seen:
        assert CANARY not in (one.raw.decode() + one.page + repr(one.headers)).lower()


def test_the_classifier_names_what_is_there_and_nothing_that_is_not():
    rng = np.random.default_rng(5)
    labels = rng.integers(_twins.TWINS, size=600)
    noise = [{"noise": float(rng.normal()), "word": str(rng.integers(9))} for _ in labels]
    told = [{**one, "told": str(label)} for one, label in zip(noise, labels, strict=True)]
    assert _twins.accuracy(_twins.matrix(noise), labels) <= _twins.threshold(600)
    assert _twins.accuracy(_twins.matrix(told), labels) > 0.95
