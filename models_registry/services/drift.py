"""Notice that a model is another than before, let its calls wait, and decide what that means."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Invalid
from core.leases import lock
from models_registry.models import (
    CanaryRound,
    Completion,
    DriftNotice,
    GenerationRun,
    LanguageModel,
)
from models_registry.services.language_models import (
    new_version,
    pause_language_model,
    resume_language_model,
    retire_language_model,
)

log = logging.getLogger(__name__)
State = Completion.State
What = DriftNotice.What
# Whose answers came with so many, each accepted, gets a new one as often as not: another tells nothing.
MOST_FINGERPRINTS = 8
COLUMNS = {What.RESPONSE_MODEL: "response_model", What.FINGERPRINT: "system_fingerprint"}


def is_known_origin(
    *, language_model: LanguageModel, response_model: str, fingerprint: str, now: datetime
) -> bool:
    """Say whether an answer comes from where this version's answers came from before.

    What is told for the first time is learned; another name or fingerprint than those accepted
    raises a notice, and the model's calls wait. `language_model` itself is brought up to date.
    """
    told = {What.RESPONSE_MODEL: response_model, What.FINGERPRINT: fingerprint}
    if tells_nothing_new(language_model, told):
        return True
    with transaction.atomic():
        model = lock(LanguageModel.objects.filter(pk=language_model.pk)).get()
        language_model.known_origins = known = model.known_origins
        changed = [
            what
            for what, value in told.items()
            if value and known.get(what) and not _is_accepted(known[what], what, value)
        ]
        for what in changed:
            raise_notice(
                language_model=model,
                what=what,
                before=", ".join(known[what]),
                after=told[what],
                now=now,
            )
        if not changed:
            for what, value in told.items():
                if value:
                    known.setdefault(what, [value])
            LanguageModel.objects.filter(pk=model.pk).update(known_origins=known)
    return not changed


def tells_nothing_new(model: LanguageModel, told: Mapping[What, str]) -> bool:
    """Say whether what an answer tells of its origin, by kind, is all accepted for a model."""
    return all(
        not value or _is_accepted(model.known_origins.get(what, []), what, value)
        for what, value in told.items()
    )


def _is_accepted(known: Sequence[str], what: What, value: str) -> bool:
    return value in known or (what == What.FINGERPRINT and len(known) >= MOST_FINGERPRINTS)


@transaction.atomic
def raise_notice(
    *, language_model: LanguageModel, what: What, before: str, after: str, now: datetime
) -> DriftNotice:
    """Tell admins once of a change, and let the model's calls wait for their decision."""
    notice, made = DriftNotice.objects.get_or_create(
        language_model=language_model,
        what=what,
        after=after[:500],
        decision="",
        defaults={"before": before[:500]},
    )
    if made:
        reason = _(
            "%(label)s changed from %(before)s to %(after)s. Say whether it still is the same"
            " model; until then it is not called."
        ) % {"label": what.label, "before": before, "after": after}
        pause_language_model(language_model=language_model, reason=reason, now=now)
        log.warning("Model %s is paused. %s", language_model, reason)
    return notice


def open_notices() -> QuerySet[DriftNotice]:
    """Return the notices that wait for a decision, oldest first."""
    notices = DriftNotice.objects.filter(decision="").order_by("pk")
    return notices.select_related("language_model")


@transaction.atomic
def decide(
    *, notice: DriftNotice, decision: str, by: User, now: datetime, note: str = ""
) -> LanguageModel:
    """Say what a change means, and return the model to go on with.

    The same model: what is new is accepted, answers set aside for it count, and when nothing else
    waits the model is called again. A new version: the next version begins with the same settings,
    and this one is retired; what it has not answered is no longer asked. The same decision again
    changes nothing; raises `Conflict` for another one, `Invalid` for an unknown one.
    """
    if decision not in DriftNotice.Decision.values:
        raise Invalid(
            _("Decide for one of %(values)s.") % {"values": ", ".join(DriftNotice.Decision.values)},
            code="decision",
        )
    # The model first, as where notices are raised: a new version decides all of a model's notices.
    model: LanguageModel = lock(LanguageModel.objects.filter(pk=notice.language_model_id)).get()
    notice = lock(DriftNotice.objects.filter(pk=notice.pk)).get()
    if notice.decision:
        if notice.decision != decision:
            raise Conflict(_("This was decided otherwise already."), code="decided")
        return model
    decided = {"decision": decision, "decided_at": now, "decided_by": by, "note": note[:500]}
    if decision == DriftNotice.Decision.NEW_VERSION:
        model.drift_notices.filter(decision="").update(**decided)
        return _begin_version(model, now)
    DriftNotice.objects.filter(pk=notice.pk).update(**decided)
    _accept(model, notice)
    if len(model.known_origins.get(What.FINGERPRINT, [])) >= MOST_FINGERPRINTS:
        others = model.drift_notices.filter(decision="", what=What.FINGERPRINT)
        for other in list(others.order_by("pk")):
            DriftNotice.objects.filter(pk=other.pk).update(**decided)
            _accept(model, other)
    if not model.drift_notices.filter(decision="").exists():
        resume_language_model(language_model=model)
    return model


def _accept(model: LanguageModel, notice: DriftNotice) -> None:
    """Take what is new for this model's own."""
    if notice.what == What.ANSWERS:
        newest = model.canary_rounds.filter(finished_at__isnull=False).order_by("-pk")[:1]
        CanaryRound.objects.filter(pk__in=[one.pk for one in newest]).update(baseline=True)
        return
    accepted = model.known_origins.setdefault(notice.what, [])
    if notice.after not in accepted:
        accepted.append(notice.after)
    model.save(update_fields=["known_origins"])
    set_aside = Completion.objects.filter(
        language_model=model, state=State.QUARANTINED, **{COLUMNS[What(notice.what)]: notice.after}
    )
    for what, column in COLUMNS.items():
        # What is new in another way as well waits for that decision.
        set_aside = set_aside.filter(**{f"{column}__in": ["", *model.known_origins.get(what, [])]})
    set_aside.update(state=State.SUCCEEDED)
    _forget_counts(model)


def _begin_version(model: LanguageModel, now: datetime) -> LanguageModel:
    begun = new_version(language_model=model, alike=True)
    Completion.objects.filter(language_model=model, state__in=[State.PENDING, State.LEASED]).update(
        state=State.CANCELLED, leased_until=None, next_attempt_at=None
    )
    retire_language_model(language_model=model, now=now)
    _forget_counts(model)
    return begun


def _forget_counts(model: LanguageModel) -> None:
    GenerationRun.objects.filter(language_models=model).update(counted=None, counted_at=None)
