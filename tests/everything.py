"""One of everything that has an address, and its address: for tests that go over all routes."""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from accounts.services import issue_sign_in_link, issue_token
from accounts.services.invitations import create_invitation
from judging.services import assignments, judgments
from judging.services.checks import make_gold
from judging.services.studies import create_study
from models_registry.models import DriftNotice
from models_registry.services import drift
from models_registry.services.runs import start_run
from prompts.models import PromptPool
from prompts.services import create_pool, import_prompts
from prompts.services.uploads import keep_upload
from ratings.models import BoardRequest
from ratings.services import export_files, snapshots
from tests.routes import Route
from tests.scenarios import (
    DEFAULT,
    Scenario,
    get_or_make_user,
    make_rater,
    protocol_for,
    published_study,
)

STUDY, DRAFT = "study", "draft"
PASSWORD = "a sentence nobody guesses"
# Routes that only make sense for a study, or a pool's version, that is not published.
OF_A_DRAFT = {"study-step", "study-preview", "study-publish", "study-discard", "api-publish"}
OF_A_DRAFT_POOL = {"pool-publish", "pool-delete", "pool-references", "api-pool-publish"}
# Who sees what: the first person of each role, by the rights that the role has.
PEOPLE = {
    "": {"open"},
    "bob": {"user", "library", "judge", "holder"},
    "dave": {"user", "library", "read", "export"},
    "alice": {"user", "library", "manage"},
}
# Not pages: probes and files; and what needs a second factor, which nobody here has.
NOT_PAGES = {
    "alive",
    "ready",
    "api-schema",
    "export-download",
    "judge-ahead",
    "pool-progress",
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_view_recovery_codes",
}
KNOWN = {"api-operation": "studies_boards_create", "manual": "methods"}


@dataclass
class Everything:
    """alice manages, bob (who holds an assignment) and carol judge, dave researches."""

    scene: Scenario
    people: dict[str, User]
    pks: dict[str, int]
    texts: dict[str, str]
    names: tuple[str, str]  # of two models, as boards name them to who manages
    codes: tuple[str, str]  # and to the others, while the study is open

    def body(self, route: str) -> dict[str, object]:
        """Return a body that this route of the API can read, where an empty one would be refused."""
        return {
            "api-users": {"username": "frank", "role": "researcher"},
            "api-user": {"is_active": True},
            "api-user-tokens": {"name": "another"},
            "api-tokens": {"name": "another"},
            "api-join": {"code": self.texts["invitation"], "username": "gert"},
            "api-judgment": {"votes": self.scene.votes},
            "api-export-files": {"what": "judgments"},
            "api-run": {"cost_limit": None},
            "api-skip": {"reason": "harmful"},
            "api-hold": {"reason": "Asked for a break."},
            "api-release": {"reason": "Is back."},
            "api-own-warnings": {"every": True, "tags": []},
            "api-consent-over-api": {"required": False},
            "api-drift-decide": {"decision": "same"},
        }.get(route, {})

    def address(self, route: Route, *, coded: bool = False, **changes: str | int) -> str:
        """Return an address at which this route finds something; `changes` replace arguments.

        `coded`: for somebody to whom models are codes.
        """
        found = {name: self._argument(route.name, name) for name in route.arguments} | changes
        query = self._query(route.name, self.codes if coded else self.names)
        return reverse(route.name, kwargs=found) + (f"?{urlencode(query)}" if query else "")

    def _argument(self, route: str, name: str) -> str | int:
        if name == "slug":
            return self._slug(route)
        if name == "pk":
            return self.pks[route]
        if name == "number":
            return 1
        if route in KNOWN:
            return KNOWN[route]
        if (route, name) == ("head-to-head", "key"):
            return "helpfulness"
        return self.texts[{"join": "invitation", "judge-change": "judged"}.get(route, name)]

    def _slug(self, route: str) -> str:
        model, draft = self.scene.models[0], route in OF_A_DRAFT
        kinds = {
            "pool": "draft-pool" if route in OF_A_DRAFT_POOL else self.scene.pool_version.pool.slug,
            "prompts": self.scene.pool_version.pool.slug,
            "endpoint": model.endpoint.slug,
            "model": model.slug,
        }
        first = route.removeprefix("api-").split("-")[0]
        return kinds.get(first, DRAFT if draft else STUDY)

    def _query(self, route: str, models: tuple[str, str]) -> dict[str, str | int]:
        a, b = models
        return {
            "board-changes": {"from": self.pks["snapshot"], "to": self.pks["later-snapshot"]},
            "api-board-changes": {"from": self.pks["snapshot"], "to": self.pks["later-snapshot"]},
            "judge-ahead": {"shown": self.texts["token"]},
            "two-models": {"a": a, "b": b},
            "fragility": {"a": a, "b": b},
            "api-board-compare": {"a": a, "b": b},
            "api-board-fragility": {"a": a, "b": b},
        }.get(route, {})


def make_everything(*, now: datetime) -> Everything:
    scene = published_study(
        slug=STUDY, prompts=12, models=3, now=now, criteria=DEFAULT, judgments_per_comparison=2
    )
    people = {
        "alice": scene.alice,
        "bob": scene.bob.user,
        "carol": scene.carol.user,
        "dave": get_or_make_user("dave", "researcher"),
    }
    for user in people.values():
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    for name in ("erin", "frank", "gina"):
        _judge(scene, make_rater(name), now, turns=12)
    judged = _judge(scene, scene.bob, now, turns=1)
    snapshot, _ = snapshots.take_snapshot(version=scene.version, now=now)
    later, _ = snapshots.take_snapshot(version=scene.version, now=now, seed=1)
    file = export_files.request_file(
        study=scene.study,
        what="judgments",
        file_format="csv",
        user=people["dave"],
        now=now,
        coded=True,
    )
    export_files.write_requested(pk=file.pk, now=now)
    asked = BoardRequest.objects.create(
        study_version=scene.version, state="done", snapshot=snapshot, steps=3, steps_done=3
    )
    create_study(
        slug=DRAFT,
        name="A draft",
        created_by=scene.alice,
        protocol=protocol_for(scene.pool_version, scene.models),
    )
    run = start_run(
        pool_version=scene.pool_version,
        language_models=scene.models,
        created_by=scene.alice,
        now=now,
        samples=2,
    ).run
    change = drift.raise_notice(
        language_model=scene.models[2],
        what=DriftNotice.What.FINGERPRINT,
        before="fp_1",
        after="fp_2",
        now=now,
    )
    gold = make_gold(
        comparison=scene.comparisons[0],
        answers={"helpfulness": "first"},
        by=scene.alice,
        reason="The other one is wrong.",
    )
    invitation = create_invitation(created_by=scene.alice, now=now, note="for the class")
    tokens = {
        name: issue_token(user=user, name="mine", now=now).token for name, user in people.items()
    }
    held = assignments.lease_next(rater=scene.bob, slug=STUDY, now=now).blinded
    pks = {
        "snapshot": snapshot.pk,
        "later-snapshot": later.pk,
        "head-to-head": snapshot.pk,
        "two-models": snapshot.pk,
        "fragility": snapshot.pk,
        "api-board": snapshot.pk,
        "api-board-compare": snapshot.pk,
        "api-board-fragility": snapshot.pk,
        "api-board-verify": snapshot.pk,
        "board-taking": asked.pk,
        "export-download": file.pk,
        "api-board-request": asked.pk,
        "api-export-file": file.pk,
        "api-export-file-content": file.pk,
        "gold-retire": gold.comparison_id,
        "drift-decide": change.pk,
        "api-drift-decide": change.pk,
        "pool-preview": _upload(scene.alice, now).pk,
        "invitation-revoke": invitation.invitation.pk,
        "api-invitation": invitation.invitation.pk,
        "profile-token-revoke": tokens["dave"].pk,
        "api-token": tokens["dave"].pk,
        "api-user-token": tokens["dave"].pk,
    }
    pks["pool-discard"] = pks["pool-preview"]
    names = ("run", "run-pause", "run-resume", "run-cancel", "run-retry", "run-budget")
    pks |= {prefix + name: run.pk for name in names for prefix in ("", "api-")}
    texts = {
        "token": held.token,
        "judged": judged,
        "pseudonym": scene.bob.pseudonym,
        "username": "dave",
        "reference": str(scene.models[0]),
        "key": "criteria",
        "upload": str(pks["pool-preview"]),
        "secret": issue_sign_in_link(user=people["dave"], now=now),
        "invitation": invitation.secret,
    }
    a, b, *_ = (one["model"] for one in snapshot.result["models"])
    return Everything(scene, people, pks, texts, (a, b), ("model-1", "model-2"))


def _judge(scene: Scenario, rater, now: datetime, *, turns: int) -> str:
    """Let `rater` judge, each time a little differently; return the token of the last time."""
    values = [
        {"graded7": grade, "four_way": way} for grade, way in ((-2, "a"), (1, "b"), (0, "tie"))
    ]
    scales = {one["key"]: one["scale"] for one in scene.version.protocol["criteria"]}
    for turn in range(turns):
        leased = assignments.lease_next(rater=rater, slug=STUDY, now=now)
        held = assignments.find_assignment(rater=rater, token=leased.blinded.token)
        votes = {key: values[turn % 3][scale] for key, scale in scales.items()}
        judgments.record_judgment(assignment=held, body={"votes": votes}, now=now)
    return leased.blinded.token


def _upload(user: User, now: datetime):
    pool: PromptPool = create_pool(slug="draft-pool", name="Draft")
    line = json.dumps({"prompt": "Why is the sky blue?"}).encode()
    import_prompts(pool=pool, data=line, filename="prompts.jsonl")
    return keep_upload(data=line, filename="prompts.jsonl", pool=None, created_by=user, now=now)
