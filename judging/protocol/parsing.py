"""From JSON to a protocol, with an error for each field that is wrong."""

import re
from dataclasses import fields
from typing import Any

from core.words import gettext as _
from judging.protocol.defaults import DEFAULT_CRITERIA
from judging.protocol.fields import Fields, Problems, texts
from judging.protocol.types import (
    ANSWER_RULES,
    NAMES_MAKER_RULES,
    AnswerRules,
    Caps,
    Checks,
    Cohort,
    Criterion,
    Design,
    Guessing,
    HoldRule,
    Method,
    Pair,
    PoolRef,
    Protocol,
    Reservation,
)
from judging.scales import CANNOT_JUDGE, GRADED7, SCALES

MOST_CRITERIA = 20
MOST_MODELS = 200
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2
MOST_PLACES = 1_000
MOST = 10**9
TWO = 2
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MODEL = re.compile(r"[-a-zA-Z0-9_]{1,120}@[1-9][0-9]{0,8}", re.ASCII)
DESIGNS = ("all_pairs", "baseline", "chosen")
EXCLUDE_OR_KEEP = ("exclude", "keep")
MOST_SHARE = 0.4
MOST_GUESSES = 20
MOST_DECOYS = 200
MOST_COHORTS = 20
MOST_RESERVATIONS = 100
MOST_NAMED = 10_000
# What finds raters who do not judge as they should; see docs/methods.md.
RATER_CHECKS = (
    "gold",
    "repeats",
    "residual",
    "target",
    "position",
    "ties",
    "time",
    "run",
    "influence",
)
DRAWS = ("uniform", "coverage", "variance", "boundary")
REVEALS = ("any_time", "after_closing")
METHODS = ("davidson",)
INTERVALS = ("cluster",)


def parse_protocol(raw: Any, *, complete: bool = True) -> Protocol:
    """Read a protocol, filling in the defaults.

    With `complete=False`, for drafts, the pool, the models and the pairs may still be missing.
    Raises `Invalid` with one error for each wrong field, by its path such as `design.baseline`.
    """
    problems = Problems()
    whole = Fields(raw, "", problems, known=_names(Protocol))
    criteria = _criteria(whole)
    keys = [one.key for one in criteria]
    models = _models(whole)
    protocol = Protocol(
        pool=_pool(whole),
        models=models,
        design=_design(whole, models),
        criteria=criteria,
        judgments_per_comparison=whole.whole(
            "judgments_per_comparison", 3, least=1, most=MOST_PLACES
        ),
        judgments_per_rater=whole.whole_or_none("judgments_per_rater", least=1, most=MOST),
        cohorts=_cohorts(whole),
        reserved=_reserved(whole),
        primary_criterion=whole.choice("primary_criterion", keys[0], keys),
        equivalence_margin=whole.number("equivalence_margin", 0.05, least=0, most=0.5),
        weights=_weights(whole, keys),
        guidelines=whole.text("guidelines", ""),
        answers=_answer_rules(whole),
        names_maker=whole.choice("names_maker", "exclude", NAMES_MAKER_RULES),
        asks_identity=whole.choice("asks_identity", "exclude", EXCLUDE_OR_KEEP),
        caps=_caps(whole),
        checks=_checks(whole),
        guessing=_guessing(whole),
        holds=_holds(whole),
        reveal=whole.choice("reveal", REVEALS[0], REVEALS),
        draw=whole.choice("draw", DRAWS[0], DRAWS),
        undo_seconds=whole.whole("undo_seconds", 60, least=0, most=86_400),
        lease_minutes=whole.whole("lease_minutes", 30, least=1, most=10_080),
        seconds_per_judgment=whole.whole("seconds_per_judgment", 90, least=1, most=86_400),
        pay_per_hour=whole.number("pay_per_hour", 0, least=0, most=1_000_000),
        method=_method(whole),
        seed_commitment=whole.text("seed_commitment", "", longest=64),
    )
    _require_places(whole, protocol)
    if complete:
        _require_complete(whole, protocol)
    problems.raise_any(_("The protocol has errors."))
    return protocol


def _names(kind: type) -> list[str]:
    return [one.name for one in fields(kind)]


def _require_complete(whole: Fields, protocol: Protocol) -> None:
    design = protocol.design
    if protocol.pool is None:
        whole.add("pool", "missing", _("Choose the prompts: a published version of a pool."))
    if len(protocol.models) < TWO:
        whole.add("models", "missing", _("Choose at least two models."))
    if design.kind == "baseline" and not design.baseline:
        whole.add("design.baseline", "missing", _("Name one of the models as the baseline."))
    if design.kind == "chosen" and not design.pairs:
        whole.add("design.pairs", "missing", _("Name the pairs that meet."))
    if protocol.guessing.answers and not protocol.guessing.decoys:
        whole.add(
            "guessing.decoys",
            "missing",
            _("Name at least one decoy, a model that takes no part, or ask nobody to guess."),
        )


def _require_places(whole: Fields, protocol: Protocol) -> None:
    """Note what cannot be: more judgments of cohorts than there are, and too few raters named."""
    wanted = protocol.judgments_per_comparison
    if sum(one.judgments for one in protocol.cohorts) > wanted:
        text = _("The cohorts' judgments are at most the %(number)s of each comparison.") % {
            "number": wanted
        }
        whole.add("cohorts", "range", text)
    keys = {one.key for one in protocol.cohorts}
    for position, one in enumerate(protocol.reserved):
        where = f"reserved.{position}"
        if bool(one.cohort) == bool(one.raters):
            whole.add(where, "value", _("Name either a cohort or raters."))
        if one.cohort and one.cohort not in keys:
            whole.add(f"{where}.cohort", "value", _("Name one of the study's cohorts."))
        if one.raters and len(one.raters) < wanted:
            text = _(
                "%(number)s judgments of each comparison are by %(number)s raters; name as many."
            ) % {"number": wanted}
            whole.add(f"{where}.raters", "range", text)
        if not (one.categories or one.domains or one.risk_tags or one.prompts):
            whole.add(
                where, "missing", _("Say which prompts: by category, domain, risk tag or id.")
            )


def _cohorts(whole: Fields) -> tuple[Cohort, ...]:
    listed = whole.items("cohorts", most=MOST_COHORTS)
    cohorts = tuple(_cohort(whole, f"cohorts.{at}", one) for at, one in enumerate(listed))
    for position, one in enumerate(cohorts):
        if one.key in [other.key for other in cohorts[:position]]:
            whole.add(
                f"cohorts.{position}.key",
                "duplicate",
                _("%(name)s stands there twice.") % {"name": one.key},
            )
    return cohorts


def _cohort(whole: Fields, where: str, one: Any) -> Cohort:
    raw = Fields(one, whole.where(where), whole.problems, known=_names(Cohort))
    key = raw.text("key", longest=40)
    if key and not KEY.fullmatch(key):
        raw.add("key", "value", _("Small letters, digits and underscores only."))
    judgments = raw.whole("judgments", 0, least=0, most=MOST_PLACES)
    return Cohort(key, raw.text("label", longest=100), judgments)


def _reserved(whole: Fields) -> tuple[Reservation, ...]:
    listed = whole.items("reserved", most=MOST_RESERVATIONS)
    return tuple(_reservation(whole, f"reserved.{at}", one) for at, one in enumerate(listed))


def _reservation(whole: Fields, where: str, one: Any) -> Reservation:
    raw = Fields(one, whole.where(where), whole.problems, known=_names(Reservation))
    return Reservation(
        cohort=raw.text("cohort", "", longest=40),
        raters=_different(raw, "raters", most=MOST_NAMED, longest=16),
        categories=_different(raw, "categories", most=MOST_NAMED, longest=200),
        domains=_different(raw, "domains", most=MOST_NAMED, longest=200),
        risk_tags=_different(raw, "risk_tags", most=MOST_NAMED, longest=200),
        prompts=_different(raw, "prompts", most=MOST_NAMED, longest=200),
    )


def _pool(whole: Fields) -> PoolRef | None:
    if whole.data.get("pool") is None:
        return None
    pool = whole.inner("pool", known=_names(PoolRef))
    return PoolRef(
        slug=pool.text("slug", longest=80),
        version=pool.whole("version", None, least=1, most=2**31 - 1),
        digest=pool.text("digest", "", longest=64),
    )


def _models(whole: Fields) -> tuple[str, ...]:
    names = texts(whole.items("models", most=MOST_MODELS))
    if names is None:
        whole.add("models", "type", _("Write a list of models, each as slug@version."))
        return ()
    for position, name in enumerate(names):
        if not MODEL.fullmatch(name):
            whole.add(f"models.{position}", "value", _("Write slug@version, such as my-model@1."))
        if name in names[:position]:
            whole.add(
                f"models.{position}",
                "duplicate",
                _("%(name)s stands there twice.") % {"name": name},
            )
    return tuple(names)


def _design(whole: Fields, models: tuple[str, ...]) -> Design:
    raw = whole.inner("design", known=_names(Design))
    design = Design(
        kind=raw.choice("kind", "all_pairs", DESIGNS),
        baseline=raw.text("baseline", "", longest=140),
        pairs=_pairs(raw, models),
        prompts_per_pair=raw.whole_or_none("prompts_per_pair", least=1, most=MOST),
    )
    if design.kind != "baseline" and design.baseline:
        raw.add("baseline", "unused", _("Only the baseline design has a baseline."))
    elif design.baseline and design.baseline not in models:
        raw.add("baseline", "value", _("Name one of the models as the baseline."))
    if design.kind != "chosen" and design.pairs:
        raw.add("pairs", "unused", _("Only the chosen design names pairs."))
    return design


def _pairs(raw: Fields, models: tuple[str, ...]) -> tuple[Pair, ...]:
    pairs: dict[frozenset[str], Pair] = {}
    for position, one in enumerate(raw.items("pairs", most=MOST_PAIRS)):
        where = f"pairs.{position}"
        names = texts(one) or []
        if len(names) != TWO or len(set(names)) != TWO:
            raw.add(where, "value", _("A pair is two different models."))
        elif not set(names) <= set(models):
            raw.add(where, "value", _("A pair consists of models of this study."))
        elif frozenset(names) in pairs:
            raw.add(where, "duplicate", _("This pair stands there twice."))
        else:
            pairs[frozenset(names)] = (names[0], names[1])
    return tuple(pairs.values())


def _criteria(whole: Fields) -> tuple[Criterion, ...]:
    if "criteria" not in whole.data:
        return DEFAULT_CRITERIA
    listed = whole.items("criteria", most=MOST_CRITERIA)
    if not listed:
        whole.add("criteria", "missing", _("Ask at least one criterion."))
        return DEFAULT_CRITERIA
    criteria = tuple(_criterion(whole, position, one) for position, one in enumerate(listed))
    keys = [one.key for one in criteria]
    for position, key in enumerate(keys):
        if key in keys[:position]:
            whole.add(
                f"criteria.{position}.key",
                "duplicate",
                _("%(name)s stands there twice.") % {"name": key},
            )
    return criteria


def _criterion(whole: Fields, position: int, one: Any) -> Criterion:
    where = whole.where(f"criteria.{position}")
    raw = Fields(one, where, whole.problems, known=_names(Criterion))
    key = raw.text("key", longest=40)
    if key and not KEY.fullmatch(key):
        raw.add("key", "value", _("Small letters, digits and underscores only."))
    scale = raw.choice("scale", GRADED7.key, list(SCALES))
    return Criterion(
        key=key,
        label=raw.text("label", longest=200),
        question=raw.text("question", longest=1_000),
        definition=raw.text("definition", ""),
        guidance=raw.text("guidance", ""),
        source=raw.text("source", ""),
        scale=scale,
        labels=_labels(raw, scale),
    )


def _labels(raw: Fields, scale: str) -> dict[str, str]:
    values = [str(one.value) for one in SCALES[scale].choices]
    labels = raw.inner("labels", known=[*values, CANNOT_JUDGE])
    return {key: labels.text(key, longest=200) for key in labels.data}


def _weights(whole: Fields, keys: list[str]) -> dict[str, float]:
    if "weights" not in whole.data:
        return dict.fromkeys(keys, 1.0)
    raw = whole.inner("weights", known=keys)
    weights = {key: raw.number(key, 0, least=0, most=1_000_000) for key in keys}
    if not any(weights.values()):
        whole.add("weights", "value", _("At least one weight is above 0."))
    return weights


def _answer_rules(whole: Fields) -> AnswerRules:
    raw, default = whole.inner("answers", known=_names(AnswerRules)), AnswerRules()
    return AnswerRules(
        refused=raw.choice("refused", default.refused, ANSWER_RULES),
        filtered=raw.choice("filtered", default.filtered, ANSWER_RULES),
        empty=raw.choice("empty", default.empty, ANSWER_RULES),
        cut_off=raw.choice("cut_off", default.cut_off, ANSWER_RULES),
    )


def _caps(whole: Fields) -> Caps:
    raw, default = whole.inner("caps", known=_names(Caps)), Caps()
    return Caps(
        judgments_per_pair=raw.whole_or_none("judgments_per_pair", least=1, most=MOST),
        skips=raw.whole_or_none("skips", least=0, most=MOST)
        if "skips" in raw.data
        else default.skips,
        prompt_views=raw.whole_or_none("prompt_views", least=1, most=MOST),
        prompt_gap=raw.whole("prompt_gap", default.prompt_gap, least=0, most=MOST),
    )


def _checks(whole: Fields) -> Checks:
    raw, default = whole.inner("checks", known=_names(Checks)), Checks()
    return Checks(
        repeats=raw.number("repeats", default.repeats, least=0, most=MOST_SHARE),
        gold=raw.number("gold", default.gold, least=0, most=MOST_SHARE),
        extra_judgments=raw.whole(
            "extra_judgments", default.extra_judgments, least=0, most=MOST_PLACES
        ),
    )


def _guessing(whole: Fields) -> Guessing:
    raw, default = whole.inner("guessing", known=_names(Guessing)), Guessing()
    return Guessing(
        answers=raw.whole("answers", default.answers, least=0, most=MOST_GUESSES),
        decoys=_different(raw, "decoys", most=MOST_DECOYS, longest=200),
    )


def _holds(whole: Fields) -> HoldRule:
    raw, default = whole.inner("holds", known=_names(HoldRule)), HoldRule()
    checks = _different(raw, "checks", most=len(RATER_CHECKS), longest=40)
    for position, one in enumerate(checks):
        if one not in RATER_CHECKS:
            raw.add(
                f"checks.{position}",
                "value",
                _("Choose from %(known)s.") % {"known": ", ".join(RATER_CHECKS)},
            )
    return HoldRule(checks, raw.number("level", default.level, least=1e-6, most=0.2))


def _different(raw: Fields, name: str, *, most: int, longest: int) -> tuple[str, ...]:
    """Read a list of texts, none of them blank, too long, or there twice."""
    listed = texts(raw.items(name, most=most))
    if listed is None:
        raw.add(name, "type", _("Write a list of texts."))
        return ()
    for position, one in enumerate(listed):
        where = f"{name}.{position}"
        if not one.strip() or len(one) > longest or not one.isprintable():
            raw.add(
                where,
                "value",
                _("Write a name of at most %(most)s characters.") % {"most": longest},
            )
        if one in listed[:position]:
            raw.add(where, "duplicate", _("%(name)s stands there twice.") % {"name": one})
    return tuple(listed)


def _method(whole: Fields) -> Method:
    raw, default = whole.inner("method", known=_names(Method)), Method()
    return Method(
        model=raw.choice("model", default.model, METHODS),
        intervals=raw.choice("intervals", default.intervals, INTERVALS),
        level=raw.number("level", default.level, least=0.5, most=0.999),
        elo_k=raw.number("elo_k", default.elo_k, least=0.01, most=1_000),
    )
