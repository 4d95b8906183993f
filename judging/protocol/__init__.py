"""What a study asks and how its answers count: parsed, checked, and frozen under a digest (pure)."""

from judging.protocol.answers import Answers, parse_answers, parse_prefetch
from judging.protocol.changes import Change, protocol_changes
from judging.protocol.defaults import DEFAULT_CRITERIA
from judging.protocol.parsing import parse_protocol
from judging.protocol.planning import Plan, plan
from judging.protocol.schema import PROTOCOL_SCHEMA
from judging.protocol.treatment import Treatment, forfeit_of, treatment
from judging.protocol.types import Criterion, Design, PoolRef, Protocol

__all__ = [
    "DEFAULT_CRITERIA",
    "PROTOCOL_SCHEMA",
    "Answers",
    "Change",
    "Criterion",
    "Design",
    "Plan",
    "PoolRef",
    "Protocol",
    "Treatment",
    "forfeit_of",
    "parse_answers",
    "parse_prefetch",
    "parse_protocol",
    "plan",
    "protocol_changes",
    "treatment",
]
