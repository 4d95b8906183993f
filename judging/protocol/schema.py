"""The protocol as a JSON schema, for the API's description; choices and defaults are the parser's own."""

from collections.abc import Mapping
from typing import Any

from judging.protocol import parsing
from judging.protocol.fields import LONGEST_TEXT
from judging.protocol.types import ANSWER_RULES, NAMES_MAKER_RULES
from judging.scales import CANNOT_JUDGE, GRADED7, SCALES

Schema = dict[str, Any]
DEFAULTS = parsing.parse_protocol({}, complete=False).as_dict()
SCALE_VALUES = "; ".join(
    f"{scale.key}: {', '.join(str(one.value) for one in scale.choices)}"
    for scale in SCALES.values()
)


def _text(said: str, *, longest: int = LONGEST_TEXT, **more: Any) -> Schema:
    return {"type": "string", "maxLength": longest, "description": said, **more}


def _whole(said: str, *, least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": said, **more}


def _number(said: str, *, least: float, most: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most, "description": said}


def _choice(said: str, choices: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(choices), "description": said}


def _object(said: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": said,
        "properties": properties,
    }


def _with_defaults(schema: Schema, defaults: Mapping[str, Any]) -> Schema:
    """Put the parser's defaults beside the fields, down to the innermost object."""
    told = {}
    for name, one in schema["properties"].items():
        default = defaults.get(name)
        if "properties" in one and isinstance(default, Mapping):
            told[name] = _with_defaults(one, default)
        else:
            told[name] = {**one, "default": default} if name in defaults else one
    return {**schema, "properties": told}


CRITERION = {
    **_object(
        "One question that is asked of every comparison.",
        key=_text(
            "Its name in votes, weights and files.",
            longest=40,
            pattern=f"^{parsing.KEY.pattern}$",
        ),
        label=_text("What raters and boards call it.", longest=200),
        question=_text("What raters are asked.", longest=1_000),
        definition=_text("What the criterion means, in a sentence. Empty unless told."),
        guidance=_text("How raters should decide. Empty unless told."),
        source=_text("Where definition and scale are from. Empty unless told."),
        scale=_choice(
            "graded7: seven points of preference; four_way: A, B, tie, both bad. Every scale has "
            "cannot_judge as well.",
            tuple(SCALES),
        ),
        labels={
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 200},
            "description": f"Other words for values of the scale, by value ({SCALE_VALUES}; "
            f"{CANNOT_JUDGE}). The scale's own unless told.",
        },
    ),
    "required": ["key", "label", "question"],
}
CRITERION["properties"]["scale"]["default"] = GRADED7.key

COHORT = {
    **_object(
        "Raters who are told apart, such as lawyers.",
        key=_text(
            "Its name in requests and files.", longest=40, pattern=f"^{parsing.KEY.pattern}$"
        ),
        label=_text("What pages and boards call it.", longest=100),
        judgments={
            **_whole(
                "How many of judgments_per_comparison are by raters of this cohort.",
                least=0,
                most=parsing.MOST_PLACES,
            ),
            "default": 0,
        },
    ),
    "required": ["key", "label"],
}


def _names(said: str, *, longest: int = 200) -> Schema:
    return {
        "type": "array",
        "maxItems": parsing.MOST_NAMED,
        "items": {"type": "string", "maxLength": longest},
        "description": said,
        "default": [],
    }


RESERVATION = _object(
    "Prompts that are shown to a cohort alone, or to raters who are named.",
    cohort={**_text("Key of the cohort; empty where raters are named.", longest=40), "default": ""},
    raters=_names("Pseudonyms of the raters, where no cohort is named.", longest=16),
    categories=_names("Prompts of one of these categories,"),
    domains=_names("or of one of these domains,"),
    risk_tags=_names("or with one of these risk tags,"),
    prompts=_names("or with one of these ids."),
)

_RULE = (
    "show: judged like any other; forfeit: it loses without being shown; exclude: no comparison. "
    "The same on both sides."
)
PROTOCOL_SCHEMA = _with_defaults(
    _object(
        "What a study asks, of whom, and how its votes count; frozen under its SHA-256 on "
        "publication. Fields that are left out have the defaults; docs/protocol.md explains each.",
        pool={
            **_object(
                "The published pool version that is judged; required for publication.",
                slug=_text("The pool.", longest=80),
                version=_whole("Its version.", least=1, most=2**31 - 1),
                digest=_text(
                    "SHA-256 of its content; filled in on publication. Given, it has to be right.",
                    longest=64,
                ),
            ),
            "nullable": True,
            "required": ["slug", "version"],
        },
        models={
            "type": "array",
            "maxItems": parsing.MOST_MODELS,
            "items": {"type": "string", "pattern": f"^{parsing.MODEL.pattern}$"},
            "description": "Versions of language models as slug@version; two or more.",
        },
        design=_object(
            "Which pairs of models meet.",
            kind=_choice(
                "all_pairs: every model meets every other; baseline: one meets all others; "
                "chosen: the pairs that are named.",
                parsing.DESIGNS,
            ),
            baseline=_text("The model all others meet; for baseline only.", longest=140),
            pairs={
                "type": "array",
                "maxItems": parsing.MOST_PAIRS,
                "items": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "items": {"type": "string"},
                },
                "description": "The pairs that meet, each of two of the models; for chosen only.",
            },
            prompts_per_pair=_whole(
                "On how many prompts each pair meets, drawn by the study's seed; null: on all.",
                least=1,
                most=parsing.MOST,
                nullable=True,
            ),
        ),
        criteria={
            "type": "array",
            "minItems": 1,
            "maxItems": parsing.MOST_CRITERIA,
            "items": CRITERION,
            "description": "What is asked. Helpfulness, harmlessness and truthfulness unless told, "
            "as in default-criteria/.",
        },
        judgments_per_comparison=_whole(
            "How many raters judge each comparison.", least=1, most=parsing.MOST_PLACES
        ),
        judgments_per_rater=_whole(
            "The most one rater may judge in this study; null: no limit.",
            least=1,
            most=parsing.MOST,
            nullable=True,
        ),
        cohorts={
            "type": "array",
            "maxItems": parsing.MOST_COHORTS,
            "items": COHORT,
            "description": "Raters who are told apart. Of each comparison's judgments every cohort "
            "gives as many as it says; the rest is anybody's.",
        },
        reserved={
            "type": "array",
            "maxItems": parsing.MOST_RESERVATIONS,
            "items": RESERVATION,
            "description": "Prompts that only some raters are shown; all their judgments are by "
            "those. Of several rules that name a prompt the first counts.",
        },
        primary_criterion=_text(
            "Key of the criterion that the study was made to decide; the first unless told.",
            longest=40,
        ),
        equivalence_margin=_number(
            "Models whose expected win rate against each other is within this of one half count as "
            "equivalent (0.05: from 45 % to 55 %).",
            least=0,
            most=0.5,
        ),
        weights={
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1_000_000},
            "description": "Weight of each criterion in the composite, by key; all alike unless "
            "told, and 0 for those left out of the object.",
        },
        guidelines=_text("What raters read before they begin; Markdown."),
        answers=_object(
            "What happens to answers that are not ordinary answers.",
            refused=_choice(f"Refusals. {_RULE}", ANSWER_RULES),
            filtered=_choice(f"Answers stopped by a provider's filter. {_RULE}", ANSWER_RULES),
            empty=_choice(f"Answers without a text. {_RULE}", ANSWER_RULES),
            cut_off=_choice(f"Answers that ended at the length limit. {_RULE}", ANSWER_RULES),
        ),
        names_maker=_choice(
            "Answers that say which model or company wrote them: exclude, mask what says it on both "
            "sides alike, or keep and flag.",
            NAMES_MAKER_RULES,
        ),
        asks_identity=_choice(
            "Prompts that ask who answers: exclude, or keep and flag.", parsing.EXCLUDE_OR_KEEP
        ),
        caps=_object(
            "What one rater may do at most, beside judgments_per_rater.",
            judgments_per_pair=_whole(
                "Judgments of one pair of models; null: no limit.",
                least=1,
                most=parsing.MOST,
                nullable=True,
            ),
            skips=_whole(
                "Skips that count (all but those of harmful content) before no more is issued; a "
                "fifth of what was issued is always allowed; null: no limit.",
                least=0,
                most=parsing.MOST,
                nullable=True,
            ),
            prompt_views=_whole(
                "How often a rater is shown the same prompt, each time with two answers not seen "
                "before; null: as often as there are such answers.",
                least=1,
                most=parsing.MOST,
                nullable=True,
            ),
            prompt_gap=_whole(
                "How many other comparisons lie between, as long as there are others.",
                least=0,
                most=parsing.MOST,
            ),
        ),
        checks=_object(
            "What is asked beside the plan; boards do not count it.",
            repeats=_number(
                "Share of what a rater is issued: comparisons judged before, with the sides swapped.",
                least=0,
                most=parsing.MOST_SHARE,
            ),
            gold=_number(
                "Share of what a rater is issued: comparisons whose answer is known.",
                least=0,
                most=parsing.MOST_SHARE,
            ),
            extra_judgments=_whole(
                "How many more judgments a comparison gets whose planned ones disagree.",
                least=0,
                most=parsing.MOST_PLACES,
            ),
        ),
        guessing=_object(
            "At the end of a session raters are asked which model wrote what they saw.",
            answers=_whole(
                "About how many answers each rater is asked, once; 0: never.",
                least=0,
                most=parsing.MOST_GUESSES,
            ),
            decoys={
                "type": "array",
                "maxItems": parsing.MOST_DECOYS,
                "items": {"type": "string", "maxLength": 200},
                "description": "Names that are offered beside those of the study's models; at least "
                "one where raters are asked.",
            },
        ),
        holds=_object(
            "Whose judgments boards leave out when the rule is applied; reversible, and logged.",
            checks={
                "type": "array",
                "maxItems": len(parsing.RATER_CHECKS),
                "items": {"type": "string", "enum": list(parsing.RATER_CHECKS)},
                "description": "A rater whom one of these finds is held; none: nobody is.",
            },
            level=_number(
                "The chance that an honest rater is found by any of them.", least=1e-6, most=0.2
            ),
        ),
        draw=_choice(
            "How the next pair of models is drawn: uniform; or by weights that are computed from the "
            "votes: coverage, variance, boundary. Every assignment keeps its probability.",
            parsing.DRAWS,
        ),
        reveal=_choice(
            "When managers and researchers may see boards and files: any_time, each look written "
            "down; or after_closing. Raters never do.",
            parsing.REVEALS,
        ),
        undo_seconds=_whole(
            "How long a judgment may be changed; the first is kept.", least=0, most=86_400
        ),
        lease_minutes=_whole(
            "How long a comparison is kept for the rater who was shown it.", least=1, most=10_080
        ),
        seconds_per_judgment=_whole(
            "What a judgment is expected to take; for the plan only.", least=1, most=86_400
        ),
        pay_per_hour=_number(
            "What an hour of a rater costs, in any currency; for the plan only.",
            least=0,
            most=1_000_000,
        ),
        method=_object(
            "How boards are computed.",
            model=_choice("davidson: Bradley-Terry with ties.", parsing.METHODS),
            intervals=_choice(
                "cluster: votes of one rater are taken to depend on each other.", parsing.INTERVALS
            ),
            level=_number("Level of the intervals.", least=0.5, most=0.999),
            elo_k=_number("K of the online Elo column.", least=0.01, most=1_000),
        ),
        seed_commitment=_text(
            "SHA-256 that binds the study to its secret seed; computed on publication, refused in "
            "requests.",
            longest=64,
            readOnly=True,
        ),
    ),
    {
        name: value
        for name, value in DEFAULTS.items()
        if name not in {"criteria", "weights", "pool"}
    },
)
