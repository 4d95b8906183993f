"""Cohorts and reservations of a protocol as rows of a form, and who belongs to a cohort."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from core.errors import InputError

EMPTY_ROWS = 2
LONGEST_KEY = 40
LISTS = ("raters", "categories", "domains", "risk_tags", "prompts")
LIST_LABELS = {
    "raters": _("Or raters, by pseudonym"),
    "categories": _("Prompts of these categories"),
    "domains": _("or of these domains"),
    "risk_tags": _("or with these risk tags, as files write them"),
    "prompts": _("or with these ids"),
}


class CohortsForm(forms.Form):
    """A row for each cohort and each reservation, and two empty ones of both; blank rows are none."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, protocol: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.protocol = protocol
        # Where each entry of what is sent on stands on the page.
        self.placed: dict[str, str] = {}
        for at in range(len(protocol["cohorts"]) + EMPTY_ROWS):
            self._add_cohort(at, _entry(protocol["cohorts"], at))
        for at in range(len(protocol["reserved"]) + EMPTY_ROWS):
            self._add_reservation(at, _entry(protocol["reserved"], at))

    def _add_cohort(self, at: int, known: Mapping[str, Any]) -> None:
        name = f"cohorts-{at}-"
        self.fields[name + "key"] = forms.CharField(
            required=False, initial=known.get("key", ""), widget=forms.HiddenInput
        )
        self.fields[name + "label"] = forms.CharField(
            label=_("Name of the cohort"), required=False, initial=known.get("label", "")
        )
        self.fields[name + "judgments"] = forms.IntegerField(
            label=_("Judgments per comparison"),
            required=False,
            initial=known.get("judgments", 0),
        )

    def _add_reservation(self, at: int, known: Mapping[str, Any]) -> None:
        name = f"reserved-{at}-"
        labels = {one["key"]: one["label"] for one in self.protocol["cohorts"]}
        cohort = known.get("cohort", "")
        self.fields[name + "cohort"] = forms.CharField(
            label=_("Cohort, as it is called above"),
            required=False,
            initial=labels.get(cohort, cohort),
        )
        for one in LISTS:
            self.fields[name + one] = forms.CharField(
                label=LIST_LABELS[one],
                required=False,
                initial="\n".join(known.get(one, [])),
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def cohort_rows(self) -> list[list[forms.BoundField]]:
        return self._rows("cohorts")

    @property
    def reservation_rows(self) -> list[list[forms.BoundField]]:
        return self._rows("reserved")

    def _rows(self, kind: str) -> list[list[forms.BoundField]]:
        rows: dict[str, list[forms.BoundField]] = {}
        for field in self:
            found, at, _name = field.name.split("-")
            if found == kind:
                rows.setdefault(at, []).append(field)
        return list(rows.values())

    def changes(self) -> dict[str, Any]:
        """Return both lists as a protocol has them; keys of new cohorts are made from their names."""
        cohorts: list[dict[str, Any]] = []
        for at, row in self._filled("cohorts", "label"):
            self.placed[f"cohorts.{len(cohorts)}"] = f"cohorts-{at}-label"
            cohorts.append(
                {
                    "key": row["key"] or _key(row["label"], at),
                    "label": row["label"],
                    "judgments": row["judgments"] or 0,
                }
            )
        keys = {one["label"]: one["key"] for one in cohorts}
        reserved: list[dict[str, Any]] = []
        for at, row in self._filled("reserved"):
            self.placed[f"reserved.{len(reserved)}"] = f"reserved-{at}-cohort"
            lists = {
                one: [line.strip() for line in row[one].splitlines() if line.strip()]
                for one in LISTS
            }
            reserved.append({"cohort": keys.get(row["cohort"], row["cohort"]), **lists})
        return {"cohorts": cohorts, "reserved": reserved}

    def _filled(self, kind: str, needed: str = "") -> Iterable[tuple[int, dict[str, Any]]]:
        rows: dict[int, dict[str, Any]] = {}
        for name, value in self.cleaned_data.items():
            found, at, field = name.split("-")
            if found == kind:
                rows.setdefault(int(at), {})[field] = value
        return [
            (at, row)
            for at, row in sorted(rows.items())
            if (row[needed] if needed else any(row.values()))
        ]

    def place_errors(self, errors: Iterable[InputError]) -> None:
        """Put each error at the row of its path."""
        for one in errors:
            path = one.column or ""
            row = ".".join(path.split(".")[:2])
            place = self.placed.get(row)
            field = path.rpartition(".")[2]
            near = f"{place.rpartition('-')[0]}-{field}" if place else ""
            self.add_error(near if near in self.fields else place, one.message)


class MembersForm(forms.Form):
    """Raters, one a line, and the cohort they are put into."""

    cohort = forms.ChoiceField(label=_("Cohort"), required=False)
    raters = forms.CharField(
        label=_("Raters"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Pseudonyms, one a line, such as R-7k2m9q4x; they stand on the page of raters."
        ),
    )

    def __init__(self, data: Any = None, *, cohorts: Iterable[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["cohort"].choices = [*cohorts, ("", _("None"))]  # type: ignore[attr-defined] # a ChoiceField

    def clean_raters(self) -> list[str]:
        """Return the names, each once."""
        lines = self.cleaned_data["raters"].replace(",", "\n").splitlines()
        return list(dict.fromkeys(one.strip() for one in lines if one.strip()))


class CohortInvitationForm(forms.Form):
    """A link whose raters belong to a cohort."""

    cohort = forms.ChoiceField(label=_("Cohort"))
    note = forms.CharField(label=_("For whom (optional)"), max_length=100, required=False)
    max_uses = forms.IntegerField(
        label=_("How many people may use it"), min_value=1, max_value=10_000, initial=1
    )

    def __init__(self, data: Any = None, *, cohorts: Iterable[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["cohort"].choices = list(cohorts)  # type: ignore[attr-defined] # a ChoiceField


def _entry(listed: list[Mapping[str, Any]], at: int) -> Mapping[str, Any]:
    return listed[at] if at < len(listed) else {}


def _key(label: str, at: int) -> str:
    """Make a key of small letters, digits and underscores; a name without Latin letters has a number."""
    made = slugify(label).replace("-", "_").lstrip("_0123456789")[:LONGEST_KEY]
    return made or f"cohort_{at + 1}"
