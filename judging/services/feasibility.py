"""Whether there are raters enough for the places that a protocol keeps for them."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import RaterProfile
from core.errors import Conflict, InputError, Invalid
from judging.models import KeptPlaces, StudyVersion
from judging.pairing import Edge
from judging.protocol import (
    PromptFacts,
    Protocol,
    label_of_group,
    least_raters,
    named_raters,
    unknown_names,
)
from judging.services.cohorts import members_of, open_links
from prompts.models import Prompt

FACTS = ("external_id", "category", "domain", "risk_tags")
SHOWN = 5


def facts_of(prompt: Prompt) -> PromptFacts:
    """Return what reservations may ask of a prompt."""
    return PromptFacts(*(getattr(prompt, name) for name in FACTS))


def require_known(*, protocol: Protocol, pool_version_id: int) -> None:
    """Refuse reservations that name prompts or raters that there are not; `Invalid` says which."""
    errors = []
    if protocol.reserved:
        rows = Prompt.objects.filter(version=pool_version_id).values_list(*FACTS)
        unknown = unknown_names(protocol, (PromptFacts(*row) for row in rows))
        errors += [
            InputError(
                "unknown", _("No prompt of the pool has %(name)r.") % {"name": name}, column=path
            )
            for path, name in unknown[:SHOWN]
        ]
    named = {name for names in named_raters(protocol).values() for name in names}
    there = set(
        RaterProfile.objects.filter(pseudonym__in=named).values_list("pseudonym", flat=True)
    )
    errors += [
        InputError(
            "unknown",
            _("There is no rater %(name)s.") % {"name": name},
            column=f"reserved.{at}.raters",
        )
        for at, rule in enumerate(protocol.reserved)
        for name in rule.raters
        if name not in there
    ]
    if errors:
        raise Invalid(_("The protocol has errors."), errors=errors)


def require_enough(*, version: StudyVersion, protocol: Protocol, now: datetime) -> None:
    """Refuse a version whose kept places there are too few raters for; `Conflict` says how many.

    Who can still join by an invitation to the cohort counts as if they read every language. The bound
    is the least that can do: nobody sees an answer twice, and nobody judges more than the caps.
    """
    study = version.study
    members, links = members_of(study=study, protocol=protocol), open_links(study=study, now=now)
    for (group, language), needed in sorted(_needs(version, protocol).items()):
        there = [one for one in members.get(group, []) if _reads(one, language)]
        count = len(there) + links.get(group, 0)
        if count < needed:
            raise Conflict(
                _short(language)
                % {
                    "group": _called(protocol, group),
                    "needed": needed,
                    "language": language,
                    "there": len(there),
                    "links": links.get(group, 0),
                },
                code="cohort_short",
                group=group,
                needed=needed,
                there=count,
            )


def _needs(version: StudyVersion, protocol: Protocol) -> Mapping[tuple[str, str], int]:
    """Return by group and language how many raters the kept places need at least."""
    kept = KeptPlaces.objects.filter(comparison__study_id=version.study_id, wanted__gt=0)
    needs: dict[tuple[str, str], int] = {}
    fields = ("comparison__prompt_id", "comparison__language", "kept_for", "wanted")
    pair = ("pair__first_model_id", "pair__second_model_id")
    ordered = kept.order_by("comparison__prompt_id", "kept_for").values_list(*fields, *pair)
    for (_prompt, language, group, wanted), rows in groupby(
        ordered.iterator(), key=itemgetter(0, 1, 2, 3)
    ):
        edges: list[Edge] = [(first, second) for *_keys, first, second in rows]
        least = least_raters(edges, places=wanted, views=protocol.caps.prompt_views)
        needs[group, language] = max(needs.get((group, language), 0), least)
    cap = protocol.judgments_per_rater
    if cap is not None:
        totals = kept.order_by().values_list("kept_for", "comparison__language")
        for group, language, total in totals.annotate(Sum("wanted")):
            needs[group, language] = max(needs[group, language], -(-total // cap))
    return needs


def _reads(rater: RaterProfile, language: str) -> bool:
    codes = {*rater.languages, *(code.split("-")[0] for code in rater.languages)}
    return not language or language in codes


def _short(language: str) -> str:
    """Return what is said of a group with too few raters: whole sentences, to be translated."""
    if language:
        return _(
            "%(group)s: %(needed)s raters are needed who read %(language)s, and there are "
            "%(there)s, with %(links)s more by open invitations. Put raters into the cohort, or "
            "make an invitation to it; for raters who are named, name more of them."
        )
    return _(
        "%(group)s: %(needed)s raters are needed, and there are %(there)s, with %(links)s more by "
        "open invitations. Put raters into the cohort, or make an invitation to it; for raters who "
        "are named, name more of them."
    )


def _called(protocol: Protocol, group: str) -> str:
    if label := label_of_group(protocol, group):
        return label
    names = named_raters(protocol)[group]
    shown = ", ".join(names[:SHOWN])
    said = _("The raters %(names)s and others") if len(names) > SHOWN else _("The raters %(names)s")
    return said % {"names": shown}


def kept_only_for(*, study_id: int) -> Mapping[int, frozenset[str]]:
    """Return by prompt the groups that alone may judge it; those that anybody may are not there."""
    kept = KeptPlaces.objects.filter(
        comparison__study_id=study_id,
        comparison__wanted=0,
        comparison__withdrawn=False,
        wanted__gt=0,
    )
    found: dict[int, set[str]] = {}
    rows = kept.order_by().values_list("comparison__prompt_id", "kept_for").distinct()
    for prompt, group in rows:
        found.setdefault(prompt, set()).add(group)
    return {prompt: frozenset(groups) for prompt, groups in found.items()}
