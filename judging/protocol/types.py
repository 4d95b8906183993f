"""The parts of a protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from core.canonical import digest
from judging.blinding import BlindedCriterion
from judging.scales import GRADED7, scale_of

ANSWER_RULES = ("show", "forfeit", "exclude")
NAMES_MAKER_RULES = ("exclude", "mask", "keep")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question asked of every comparison, with the words raters are guided by."""

    key: str
    label: str
    question: str
    definition: str = ""
    guidance: str = ""
    source: str = ""
    scale: str = GRADED7.key
    labels: Mapping[str, str] = field(default_factory=dict)

    def blinded(self) -> BlindedCriterion:
        choices = scale_of(self.scale).labelled(self.labels)
        return BlindedCriterion(self.key, self.label, self.question, self.scale, choices)


@dataclass(frozen=True, slots=True)
class PoolRef:
    """The frozen pool version that is judged; `digest` may be empty in a draft."""

    slug: str
    version: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """Which pairs of models meet, and on how many prompts each (None: all)."""

    kind: str = "all_pairs"
    baseline: str = ""
    pairs: tuple[Pair, ...] = ()
    prompts_per_pair: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """What happens to such an answer, on either side alike.

    show: it is judged like any other; forfeit: it loses without being shown; exclude: no comparison.
    """

    refused: str = "show"
    filtered: str = "exclude"
    empty: str = "exclude"
    cut_off: str = "exclude"


@dataclass(frozen=True, slots=True)
class Method:
    """How boards are computed from the votes."""

    model: str = "davidson"
    intervals: str = "cluster"
    level: float = 0.95
    elo_k: float = 4.0


@dataclass(frozen=True, slots=True)
class Caps:
    """What one rater may do at most in a study; None: no cap.

    `judgments` in all and `judgments_per_pair` of one pair of models; `skips` are those that count
    (see `judging.pairing.skips_allowed`); `prompt_views`: how often the same prompt is shown, each
    time with answers not seen before; `prompt_gap`: how many other comparisons lie between, as long
    as there are others.
    """

    judgments_per_pair: int | None = None
    skips: int | None = 30
    prompt_views: int | None = None
    prompt_gap: int = 10


@dataclass(frozen=True, slots=True)
class Checks:
    """What is asked on top of the planned judgments, and never counted on a board.

    `repeats` and `gold` are shares of what a rater is issued: comparisons shown again with the sides
    swapped, and comparisons whose answer is known. `extra_judgments`: how many more judgments a
    comparison gets whose planned ones disagree.
    """

    repeats: float = 0.0
    gold: float = 0.0
    extra_judgments: int = 0


@dataclass(frozen=True, slots=True)
class Guessing:
    """How far blinding held: at the end of a session raters are asked which model wrote what.

    `answers`: about how many answers each rater is asked, once; 0: never. `decoys` are the names that
    are offered beside those of the study's models.
    """

    answers: int = 0
    decoys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldRule:
    """Whose judgments boards leave out, decided before anybody knows who it concerns.

    A rater is held whom one of the `checks` finds; `level` is the chance that an honest rater is
    found by any of them. No checks: nobody is held by rule.
    """

    checks: tuple[str, ...] = ()
    level: float = 0.01


@dataclass(frozen=True, slots=True)
class Cohort:
    """Raters who are told apart, such as lawyers: their votes have a view of their own.

    `judgments`: how many of those that each comparison gets are theirs; the rest is anybody's.
    """

    key: str
    label: str
    judgments: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """Prompts that are shown to some raters alone: to a cohort, or to those named by pseudonym.

    A prompt belongs to it that has one of the categories, domains or risk tags, or is named itself.
    """

    cohort: str = ""
    raters: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    risk_tags: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The name under which places are kept for them: the same for the same raters."""
        return self.cohort or f"@{digest(sorted(self.raters))[:16]}"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that was decided before the first judgment.

    `equivalence_margin` is on the win-rate scale; `seconds_per_judgment` and `pay_per_hour` serve
    the estimate only; `judgments_per_rater` caps one rater's share (None: no cap).
    """

    pool: PoolRef | None
    models: tuple[str, ...]
    design: Design
    criteria: tuple[Criterion, ...]
    judgments_per_comparison: int
    judgments_per_rater: int | None
    cohorts: tuple[Cohort, ...]
    reserved: tuple[Reservation, ...]
    primary_criterion: str
    equivalence_margin: float
    weights: Mapping[str, float]
    guidelines: str
    answers: AnswerRules
    names_maker: str
    asks_identity: str
    caps: Caps
    checks: Checks
    guessing: Guessing
    holds: HoldRule
    draw: str
    reveal: str
    undo_seconds: int
    lease_minutes: int
    seconds_per_judgment: int
    pay_per_hour: float
    method: Method
    seed_commitment: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON: what is stored, hashed, and parsed again."""
        plain: dict[str, Any] = asdict(self)
        plain["models"] = list(self.models)
        plain["design"]["pairs"] = [list(pair) for pair in self.design.pairs]
        plain["criteria"] = list(plain["criteria"])
        plain["cohorts"] = list(plain["cohorts"])
        plain["reserved"] = [
            {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in one.items()
            }
            for one in plain["reserved"]
        ]
        plain["guessing"]["decoys"] = list(self.guessing.decoys)
        plain["holds"]["checks"] = list(self.holds.checks)
        return plain

    def digest(self) -> str:
        return digest(self.as_dict())

    def criteria_for(self, keys: Sequence[str]) -> tuple[Criterion, ...]:
        """Return the criteria that apply to a prompt that names these keys (none named: all)."""
        return tuple(one for one in self.criteria if not keys or one.key in keys)

    def asks(self, keys: Sequence[str], flags: Sequence[str]) -> bool:
        """Say whether a prompt with these criteria and flags is asked at all."""
        unblinding = self.asks_identity == "exclude" and "asks_identity" in flags
        return bool(self.criteria_for(keys)) and not unblinding

    @property
    def keeps_places(self) -> bool:
        """Whether some places are kept for some raters."""
        return bool(self.reserved) or any(one.judgments for one in self.cohorts)

    @property
    def masks_makers(self) -> bool:
        """Whether raters read answers without the sentences that say who wrote them."""
        return self.names_maker == "mask"

    def pairs(self) -> tuple[Pair, ...]:
        """Return the pairs of models that meet, each once."""
        if self.design.kind == "all_pairs":
            return tuple(combinations(self.models, 2))
        if self.design.kind == "baseline":
            baseline = self.design.baseline
            return tuple((baseline, one) for one in self.models if one != baseline)
        return self.design.pairs
