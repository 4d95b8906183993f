"""From what browsers send to what services take."""

from judging.forms.cohorts import CohortInvitationForm, CohortsForm, MembersForm
from judging.forms.content_warnings import WarningsForm
from judging.forms.criteria import CriteriaForm
from judging.forms.guesses import GuessForm
from judging.forms.judgments import SKIP_REASONS, judgment_body, pair_context
from judging.forms.studies import (
    AboutForm,
    ChecksForm,
    DesignForm,
    MaterialForm,
    NewStudyForm,
    RulesForm,
    label_of,
)

__all__ = [
    "SKIP_REASONS",
    "AboutForm",
    "ChecksForm",
    "CohortInvitationForm",
    "CohortsForm",
    "CriteriaForm",
    "DesignForm",
    "GuessForm",
    "MaterialForm",
    "MembersForm",
    "NewStudyForm",
    "RulesForm",
    "WarningsForm",
    "judgment_body",
    "label_of",
    "pair_context",
]
