"""The board of a study: every criterion fitted and tallied, and the composite (pure)."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.random import Generator

from ratings.board.fits import (
    PAIR,
    Clustering,
    Estimate,
    choose_cluster,
    estimate,
    ranking_columns,
)
from ratings.board.inputs import Ballots, BoardInput, Criterion, Ints
from ratings.board.quality import agreed, audited
from ratings.board.sentences import (
    NO_COMMON_MODELS,
    NO_COMPOSITE_WITHOUT,
    NO_COMPOSITE_WITHOUT_SOME,
    NO_MEAN,
)
from ratings.board.tallies import elo_in_order, head_to_head, raters_by_kind, tally
from ratings.board.views import other_views
from ratings.scoring import Covariance, NotEstimable, Part, Side, composite

Board = dict[str, Any]
RANKING = (
    "rank",
    "rank_lower",
    "rank_upper",
    "strength",
    "strength_lower",
    "strength_upper",
    "rating",
    "rating_lower",
    "rating_upper",
)


def build_board(source: BoardInput, *, seed: int) -> Board:
    """Return the whole board as plain numbers, texts, lists and dicts, ready for JSON.

    The same input and seed give the same board. Models stand in the order of rank, those without
    a strength after them by win rate; `covariance` is in the order of `ranked`.
    """
    # Each criterion by its own votes: a thin one takes nothing from the others.
    clusters = {
        one.key: choose_cluster([source.ballots[one.key].judged()]) for one in source.criteria
    }
    estimates = {
        one.key: estimate(source.ballots[one.key], source.labels, cluster=clusters[one.key])
        for one in source.criteria
    }
    clusters = {key: one.explained(estimates[key].covariance) for key, one in clusters.items()}
    together = choose_cluster(
        source.ballots[one.key].judged() for one in source.criteria if one.weight > 0
    )
    return {
        "models": [_model(source, at) for at in range(len(source.models))],
        "raters": raters_by_kind(source),
        "primary": source.primary,
        "margin": source.margin,
        "level": source.level,
        "elo_k": source.elo_k,
        "cluster": clusters[source.primary]._asdict(),
        "criteria": [
            # Each criterion draws from its own stream: adding one does not move another.
            _criterion(
                source,
                one,
                estimates[one.key],
                clusters[one.key],
                np.random.default_rng([seed, at]),
            )
            for at, one in enumerate(source.criteria)
        ],
        "composite": _composite(source, estimates, together, np.random.default_rng([seed])),
    }


def _model(source: BoardInput, at: int) -> dict[str, Any]:
    model = source.models[at]
    return {
        "model": model.label,
        "version_id": model.version_id,
        "name": model.name,
        "average_length": model.average_length,
        "exclusions": [
            {"reason": reason, "answers": count}
            for reason, count in sorted(model.exclusions.items())
        ],
    }


def _criterion(
    source: BoardInput,
    criterion: Criterion,
    found: Estimate,
    cluster: Clustering,
    rng: Generator,
) -> dict[str, Any]:
    ballots, labels = source.ballots[criterion.key], source.labels
    given = ballots.select(ballots.given)
    judged = len(given.judged().outcome)
    return {
        "key": criterion.key,
        "label": criterion.label,
        "scale": criterion.scale,
        "weight": criterion.weight,
        "cluster": cluster._asdict(),
        "votes": judged,
        "cannot_judge": len(given.outcome) - judged,
        "forfeits": len(ballots.outcome) - len(given.outcome),
        "raters": int(np.unique(given.rater).size),
        "tie_parameter": None if found.fit is None else found.fit.tie,
        "log_likelihood": None if found.fit is None else found.fit.log_likelihood,
        **_uncertainty(found.covariance),
        "ranked": [labels[at] for at in found.members] if found.fit else [],
        "groups": [list(group) for group in found.components],
        "reasons": list(found.reasons),
        "rows": _rows(
            source,
            _by_label(source, found, rng),
            _tallies(source, ballots, cluster),
        ),
        "head_to_head": head_to_head(ballots, labels),
        "audit": audited(found, ballots, labels, rng=rng),
        "agreement": agreed(ballots),
        "views": other_views(found, labels, cluster, level=source.level, cohorts=source.cohorts),
    }


def _by_label(source: BoardInput, found: Estimate, rng: Generator) -> dict[str, dict[str, Any]]:
    if found.fit is None:
        return {}
    columns = ranking_columns(found.fit.strength, found.covariance, level=source.level, rng=rng)
    return dict(zip(found.fit.items, columns, strict=True))


def _tallies(
    source: BoardInput, ballots: Ballots, cluster: Clustering
) -> dict[str, dict[str, Any]]:
    elo = elo_in_order(ballots, source.labels, k=source.elo_k)
    codes = cluster.codes(ballots)
    counted = {}
    for at, label in enumerate(source.labels):
        one = tally(ballots, at, clusters=codes, elo=elo)
        votes = one.battles + one.cannot_judge
        counted[label] = one._asdict() | {
            "both_bad_rate": one.both_bad / one.battles if one.battles else None,
            "cannot_judge_rate": one.cannot_judge / votes if votes else None,
        }
    return counted


def _rows(
    source: BoardInput,
    ranking: Mapping[str, Mapping[str, Any]],
    counted: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Join the two kinds of columns of every model, the best first."""
    nothing = dict.fromkeys(RANKING)
    rows = [
        {"model": label} | nothing | dict(ranking.get(label, {})) | dict(counted.get(label, {}))
        for label in source.labels
    ]
    return sorted(rows, key=_place)


def _place(row: Mapping[str, Any]) -> tuple[float, float, str]:
    rank, win_rate = row["rank"], row.get("win_rate")
    return (
        np.inf if rank is None else rank,
        0.0 if win_rate is None else -win_rate,
        row["model"],
    )


def _composite(
    source: BoardInput, estimates: Mapping[str, Estimate], cluster: Clustering, rng: Generator
) -> dict[str, Any] | None:
    """Return the weighted mean of the criteria, or why there is none; None with one criterion.

    It is over the models that every criterion with a weight ranks; `left_out` names the others,
    with the criteria that do not rank them.
    """
    weighted = [one for one in source.criteria if one.weight > 0]
    if len(weighted) <= 1:
        return None
    result: dict[str, Any] = {
        "weights": {one.key: one.weight for one in weighted},
        "cluster": cluster._asdict(),
        **_uncertainty(None),
        "ranked": [],
        "left_out": _left_out(source, weighted, estimates),
        "reasons": [],
    }
    try:
        found = _on_common_ground(source, weighted, estimates, cluster)
        whole = composite(_parts(source.labels, weighted, found, cluster))
    except NotEstimable as error:
        return result | {"reasons": [f"{error}."], "rows": _rows(source, {}, {})}
    columns = ranking_columns(whole.strength, whole.covariance, level=source.level, rng=rng)
    return (
        result
        | _uncertainty(whole.covariance)
        | {
            "cluster": cluster.explained(whole.covariance)._asdict(),
            "ranked": list(whole.items),
            "rows": _rows(source, dict(zip(whole.items, columns, strict=True)), {}),
        }
    )


def _left_out(
    source: BoardInput, criteria: list[Criterion], estimates: Mapping[str, Estimate]
) -> list[dict[str, Any]]:
    """Return the models that some criterion does not rank, each with those criteria's keys."""
    missing = {
        label: [one.key for one in criteria if at not in estimates[one.key].members]
        for at, label in enumerate(source.labels)
    }
    return [{"model": label, "criteria": keys} for label, keys in missing.items() if keys]


def _on_common_ground(
    source: BoardInput,
    criteria: list[Criterion],
    estimates: Mapping[str, Estimate],
    cluster: Clustering,
) -> list[Estimate]:
    """Return estimates of the criteria that all rank the same models, as many as can be.

    Where they rank different ones, each is fitted again to the votes among the models that all of
    them rank: a mean over models of unlike company would compare unlike things. Raises
    `NotEstimable` where no two models are left.
    """
    found = [estimates[one.key] for one in criteria]
    while True:
        common = reduce(np.intersect1d, [one.members for one in found])
        if len(common) < PAIR or any(one.fit is None for one in found):
            raise NotEstimable(_no_common_ground(criteria, found))
        if all(len(one.members) == len(common) for one in found):
            return found
        found = [
            estimate(_among(source.ballots[one.key], common), source.labels, cluster=cluster)
            for one in criteria
        ]


def _no_common_ground(criteria: list[Criterion], found: list[Estimate]) -> str:
    without = [one.label for one, other in zip(criteria, found, strict=True) if other.fit is None]
    if without:
        *others, last = without
        some = NO_COMPOSITE_WITHOUT_SOME % {"criteria": ", ".join(others), "last": last}
        return some if others else NO_COMPOSITE_WITHOUT % {"criterion": last}
    return NO_COMMON_MODELS


def _among(ballots: Ballots, members: Ints) -> Ballots:
    return ballots.select(np.isin(ballots.first, members) & np.isin(ballots.second, members))


def _parts(
    labels: tuple[str, ...], criteria: list[Criterion], found: list[Estimate], cluster: Clustering
) -> list[Part]:
    """Return the parts; raise `NotEstimable` where nothing is left to cluster by."""
    if not cluster.by:
        raise NotEstimable(NO_MEAN)
    parts = []
    for criterion, one in zip(criteria, found, strict=True):
        assert one.fit is not None
        counted = cluster.counted(one.ballots)
        way, *second = cluster.codes(counted)
        parts.append(
            Part(
                fit=one.fit,
                comparisons=counted.comparisons(labels, one.members),
                cluster=way,
                weight=criterion.weight,
                prompt=second[0] if second else None,
            )
        )
    return parts


def _uncertainty(covariance: Covariance | None) -> dict[str, Any]:
    """Return the covariance of the strengths as it is stored, or nulls."""
    if covariance is None:
        return {"clusters": None, "degrees": None, "covariance": None, "sides": []}
    degrees = covariance.degrees
    return {
        "clusters": covariance.clusters,
        "degrees": degrees if np.isfinite(degrees) else None,
        "covariance": covariance.matrix.tolist(),
        "sides": [
            {
                "by": side.by,
                "clusters": side.clusters,
                "degrees": side.degrees,
                "covariance": side.matrix.tolist(),
            }
            for side in covariance.sides
        ],
    }


def stored_covariance(part: Mapping[str, Any]) -> Covariance | None:
    """Return the covariance of a stored criterion or composite, None where it has none."""
    if part["covariance"] is None:
        return None
    sides = tuple(
        Side(one["by"], np.array(one["covariance"]), one["degrees"], one["clusters"])
        for one in part.get("sides", ())  # boards of before two-way intervals have none
    )
    return Covariance(
        np.array(part["covariance"]),
        "two-way" if sides else "cluster",
        degrees=np.inf if part["degrees"] is None else part["degrees"],
        clusters=part["clusters"],
        sides=sides,
    )
