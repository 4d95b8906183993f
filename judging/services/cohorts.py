"""Who belongs to which cohort of a study, and which places they may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from accounts.models import Invitation, RaterProfile, User
from accounts.services.invitations import IssuedInvitation, create_invitation
from core.errors import Conflict, InputError, Invalid
from judging.models import Assignment, CohortMembership, Comparison, KeptPlaces, Study, StudyVersion
from judging.protocol import ANYBODY, Cohort, Protocol, groups_of, label_of_group, parse_protocol
from judging.services.versions import protocol_of

CACHED = 256


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater's cohort in a study, and the groups whose places they may have beside anybody's."""

    cohort: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CohortProgress:
    """A group of a study and how far it is; `key` is empty for anybody, `label` for named raters.

    `members` may judge now (for anybody: None), by `links` as many may join. `places` are judgments
    wanted and kept for the group, `taken` those leased or judged of them; `judgments` all that its
    members gave as planned, on anybody's places too.
    """

    key: str
    label: str
    members: tuple[RaterProfile, ...] | None
    links: int
    places: int
    taken: int
    judgments: int


def standing_of(*, rater: RaterProfile, study_id: int, slug: str, protocol: Protocol) -> Standing:
    """Say where a rater stands; nothing is asked of the database where a protocol has no cohorts."""
    if not protocol.cohorts:
        return Standing(groups=groups_of(protocol, cohort="", pseudonym=rater.pseudonym))
    cohort = _cohorts({study_id: slug}, rater=rater).get((study_id, rater.pk), "")
    cohort = cohort if cohort in {one.key for one in protocol.cohorts} else ""
    return Standing(cohort, groups_of(protocol, cohort=cohort, pseudonym=rater.pseudonym))


def judgeable_by_groups(*, version_id: int, seed: str, groups: Sequence[str]) -> Mapping[str, int]:
    """Return by language what these groups can judge at most beside what anybody can."""
    found: dict[str, int] = {}
    for names, by_language in _judgeable_by_group(version_id, seed).items():
        if not set(names.split()).isdisjoint(groups):
            for language, count in by_language.items():
                found[language] = found.get(language, 0) + count
    return found


@lru_cache(maxsize=CACHED)
def _judgeable_by_group(version_id: int, _seed: str) -> Mapping[str, Mapping[str, int]]:
    # As it was built; the secret seed tells studies of one number apart.
    found: Mapping[str, Mapping[str, int]] = StudyVersion.objects.values_list(
        "judgeable_by_group", flat=True
    ).get(pk=version_id)
    return found


def only_others_may(*, study: Study, languages: Sequence[str], groups: Sequence[str]) -> bool:
    """Say whether places are open, in these languages, that are kept for groups other than these."""
    kept = KeptPlaces.objects.filter(
        comparison__study=study,
        comparison__withdrawn=False,
        comparison__language__in=["", *languages],
        open_places__gt=0,
    )
    return bool(kept.exclude(kept_for__in=groups).exists())


@transaction.atomic
def set_cohort(
    *, study: Study, raters: Sequence[str], cohort: str, by: User | None, now: datetime
) -> int:
    """Put raters, named by pseudonym, into a cohort of a study, or with "" out of all; count changes.

    What they judged stays with the cohort they judged in. Raises `Invalid` for raters and cohorts
    that there are not, and `Conflict` once the study is closed.
    """
    if study.state == Study.State.CLOSED:
        raise Conflict(_("This study is closed; its cohorts stay as they are."), code="closed")
    if cohort:
        _require_cohort(study, cohort)
    found = {one.pseudonym: one for one in RaterProfile.objects.filter(pseudonym__in=raters)}
    if missing := [one for one in raters if one not in found]:
        error = InputError(
            "unknown",
            _("There is no rater %(missing)s.") % {"missing": missing[0]},
            column="raters",
        )
        raise Invalid(
            _("There is no rater %(missing)s.") % {"missing": ", ".join(missing)},
            code="raters",
            errors=[error],
        )
    current = _cohorts({study.pk: study.slug})
    changed = [one for one in found.values() if current.get((study.pk, one.pk), "") != cohort]
    CohortMembership.objects.bulk_create(
        CohortMembership(study=study, rater=one, cohort=cohort, by=by, at=now) for one in changed
    )
    return len(changed)


def invite_to_cohort(
    *,
    study: Study,
    cohort: str,
    by: User,
    now: datetime,
    note: str = "",
    languages: Sequence[str] = (),
    max_uses: int = 1,
    lifetime: timedelta = timedelta(days=14),
) -> IssuedInvitation:
    """Make an invitation whose raters belong to a cohort of the study.

    Raises as `create_invitation` does, and `Invalid` for a cohort that there is not.
    """
    _require_cohort(study, cohort)
    return create_invitation(
        created_by=by,
        now=now,
        note=note,
        languages=languages,
        max_uses=max_uses,
        lifetime=lifetime,
        cohorts={study.slug: cohort},
    )


def cohort_progress(*, study: Study, now: datetime) -> list[CohortProgress]:
    """Return every group of a study: anybody, the cohorts, and raters named by reservations."""
    protocol = _protocol(study)
    members, links = members_of(study=study, protocol=protocol), open_links(study=study, now=now)
    planned = Assignment.objects.judged_as_planned().filter(study=study).order_by()
    keys = [one.key for one in protocol.cohorts]
    judged = dict(planned.values_list("kept_for").annotate(Count("pk")))
    by_cohort = dict(planned.exclude(cohort="").values_list("cohort").annotate(Count("pk")))
    judged |= {key: by_cohort.get(key, 0) for key in keys}
    places = _places(study)
    return [
        CohortProgress(
            key=key,
            label=label_of_group(protocol, key),
            members=None if key == ANYBODY else tuple(members.get(key, ())),
            links=links.get(key, 0),
            places=places.get(key, (0, 0))[0],
            taken=places.get(key, (0, 0))[1],
            judgments=judged.get(key, 0),
        )
        for key in dict.fromkeys([ANYBODY, *keys, *sorted(places)])
    ]


def members_of(*, study: Study, protocol: Protocol) -> dict[str, list[RaterProfile]]:
    """Return by group the raters who may judge: neither held nor gone."""
    active = RaterProfile.objects.filter(held=False, user__is_active=True).select_related("user")
    raters = {one.pk: one for one in active.order_by("pk")}
    found: dict[str, list[RaterProfile]] = {}
    for (_study, pk), cohort in sorted(_cohorts({study.pk: study.slug}).items()):
        if cohort and pk in raters:
            found.setdefault(cohort, []).append(raters[pk])
    by_name = {one.pseudonym: one for one in raters.values()}
    for rule in protocol.reserved:
        if rule.raters:
            found[rule.group] = [by_name[one] for one in rule.raters if one in by_name]
    return found


def open_links(*, study: Study, now: datetime) -> dict[str, int]:
    """Return by cohort how many more raters can still join by invitations to it."""
    live = Invitation.objects.filter(
        revoked_at=None, expires_at__gt=now, uses__lt=F("max_uses"), cohorts__has_key=study.slug
    )
    found: dict[str, int] = {}
    for cohorts, uses, most in live.values_list("cohorts", "uses", "max_uses"):
        cohort = cohorts[study.slug]
        found[cohort] = found.get(cohort, 0) + most - uses
    return found


def _cohorts(
    slugs: Mapping[int, str], *, rater: RaterProfile | None = None
) -> dict[tuple[int, int], str]:
    """Return the cohort by study and rater id, of one rater or of all who were ever put into one.

    What was said last counts, and else the invitation. `slugs` names the studies by their ids.
    """
    if not slugs:
        return {}
    invited = RaterProfile.objects.filter(invitation__cohorts__has_any_keys=[*slugs.values()])
    said = CohortMembership.objects.filter(study__in=slugs).order_by("pk")
    if rater is not None:
        invited, said = invited.filter(pk=rater.pk), said.filter(rater=rater)
    by_invitation = {
        (study_id, pk): cohorts[slug]
        for pk, cohorts in invited.values_list("pk", "invitation__cohorts")
        for study_id, slug in slugs.items()
        if slug in cohorts
    }
    rows = said.values_list("study_id", "rater_id", "cohort")
    return by_invitation | {(study_id, pk): cohort for study_id, pk, cohort in rows}


def _places(study: Study) -> dict[str, tuple[int, int]]:
    """Return by group the places and how many are taken."""
    anybody = Comparison.objects.filter(study=study).aggregate(
        places=Sum("places", default=0), open_places=Sum("open_places", default=0)
    )
    kept = KeptPlaces.objects.filter(comparison__study=study, places__gt=0).order_by()
    counted = kept.values_list("kept_for").annotate(Sum("places"), Sum("open_places"))
    found = {group: (places, places - open_) for group, places, open_ in counted}
    return {ANYBODY: (anybody["places"], anybody["places"] - anybody["open_places"]), **found}


def _protocol(study: Study) -> Protocol:
    # Few a study, and for many studies looked up in one go.
    latest = max(study.versions.all(), key=lambda one: one.number, default=None)
    if latest is not None:
        return protocol_of(latest)
    return parse_protocol(study.draft, complete=False)


def _require_cohort(study: Study, cohort: str) -> None:
    """Refuse what is no cohort, neither in force nor drafted."""
    if cohort not in {one.key for one in cohorts_of(study=study)}:
        error = InputError("unknown", _("This study has no such cohort."), column="cohort")
        raise Invalid(
            _("This study has no cohort %(cohort)r.") % {"cohort": cohort},
            code="cohort",
            errors=[error],
        )


def open_to(groups: Sequence[str]) -> Q:
    """Comparisons of which these groups get planned judgments, anybody's or kept for them."""
    return Q(wanted__gt=0) | Q(
        pk__in=KeptPlaces.objects.filter(kept_for__in=groups, wanted__gt=0).values("comparison")
    )


def cohorts_of(*, study: Study) -> list[Cohort]:
    """Return the cohorts in force, and those that the next version is to have."""
    drafted = parse_protocol(study.draft, complete=False).cohorts
    found = {one.key: one for one in (*drafted, *_protocol(study).cohorts)}
    return list(found.values())


def cohort_choices(*, rater: RaterProfile) -> list[tuple[Study, list[Cohort], str]]:
    """Return the studies that have cohorts and are not closed, and the cohort of a rater in each."""
    running = Study.objects.exclude(state=Study.State.CLOSED).order_by("name", "pk")
    found = [(one, cohorts_of(study=one)) for one in running.prefetch_related("versions")]
    current = _cohorts({one.pk: one.slug for one, cohorts in found if cohorts}, rater=rater)
    return [
        (one, cohorts, current.get((one.pk, rater.pk), "")) for one, cohorts in found if cohorts
    ]
