"""What a study asks and how its answers count: parsed, checked, and frozen under a digest (pure)."""

from judging.protocol.answers import Answers, parse_answers, parse_prefetch
from judging.protocol.audiences import (
    ANYBODY,
    PromptFacts,
    groups_of,
    label_of_group,
    least_raters,
    named_raters,
    places_for,
    unknown_names,
)
from judging.protocol.changes import Change, protocol_changes
from judging.protocol.defaults import DEFAULT_CRITERIA
from judging.protocol.parsing import parse_protocol
from judging.protocol.planning import Plan, plan
from judging.protocol.schema import PROTOCOL_SCHEMA
from judging.protocol.treatment import Treatment, forfeit_of, treatment
from judging.protocol.types import Cohort, Criterion, Design, PoolRef, Protocol

__all__ = [
    "ANYBODY",
    "DEFAULT_CRITERIA",
    "PROTOCOL_SCHEMA",
    "Answers",
    "Change",
    "Cohort",
    "Criterion",
    "Design",
    "Plan",
    "PoolRef",
    "PromptFacts",
    "Protocol",
    "Treatment",
    "forfeit_of",
    "groups_of",
    "label_of_group",
    "least_raters",
    "named_raters",
    "parse_answers",
    "parse_prefetch",
    "parse_protocol",
    "places_for",
    "plan",
    "protocol_changes",
    "treatment",
    "unknown_names",
]
