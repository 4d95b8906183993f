"""The criteria of a study as a list of small forms that grows, shrinks and is put in order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import InputError
from judging.protocol import DEFAULT_CRITERIA
from judging.scales import SCALES

MOST_SHOWN = 50  # more than a protocol takes, so that the protocol says so
TEXTS = ("key", "label", "question", "definition", "guidance", "source", "scale")
NOT_A_KEY = re.compile(r"[^a-z0-9]+")
Values = dict[str, Any]


def _label_name(scale: str, value: object) -> str:
    return f"label_{scale}_{value}"


class CriterionForm(forms.Form):
    """One criterion; of the labels only those of its scale are kept."""

    use_required_attribute = False
    key = forms.CharField(
        label=_("Name in files"),
        required=False,
        help_text=_("Small letters, digits and underscores; made from the title when empty."),
    )
    label = forms.CharField(label=_("Title"), required=False)
    question = forms.CharField(label=_("Question to the rater"), required=False)
    definition = forms.CharField(
        label=_("Definition"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Raters open it with one key."),
    )
    guidance = forms.CharField(
        label=_("Guidance"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    source = forms.CharField(
        label=_("Source"), required=False, help_text=_("Where the wording comes from.")
    )
    scale = forms.ChoiceField(
        label=_("Scale"),
        choices=(
            ("graded7", _("Seven steps, from A much better to B much better")),
            ("four_way", _("Four ways: A, B, tie, both bad")),
        ),
    )
    weight = forms.FloatField(
        label=_("Weight in the composite"),
        required=False,
        help_text=_("The composite is the weighted mean of all criteria; 0 leaves this one out."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for scale in SCALES.values():
            for one in scale.labelled({}):
                self.fields[_label_name(scale.key, one.value)] = forms.CharField(
                    label=one.label,
                    required=False,
                    max_length=200,
                    widget=forms.TextInput(attrs={"placeholder": one.label}),
                )

    @property
    def labels_by_scale(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of the choices' words, by scale."""
        return [
            (key, [self[name] for name in self.fields if name.startswith(f"label_{key}_")])
            for key in SCALES
        ]

    def as_protocol(self) -> Values:
        sent = self.cleaned_data
        made = {name: sent.get(name, "").replace("\r\n", "\n") for name in TEXTS}
        made["key"] = made["key"] or NOT_A_KEY.sub("_", made["label"].lower()).strip("_")[:40]
        prefix = _label_name(made["scale"], "")
        words = {
            name.removeprefix(prefix): word
            for name, word in sent.items()
            if name.startswith(prefix) and word
        }
        return {**made, "labels": words}


class CriteriaForm:
    """All criteria, and which of them is primary. Read from a protocol, or from what was sent."""

    def __init__(self, data: Any = None, *, protocol: Mapping[str, Any]) -> None:
        self.protocol = protocol
        self.errors: list[str] = []
        self.is_bound = data is not None
        if data is None:
            self._show(_values_of(protocol))
            return
        count = data.get("count", "")
        count = int(count) if count.isascii() and count.isdecimal() and len(count) < 3 else 0  # noqa: PLR2004 - two digits are plenty
        self.items = [
            CriterionForm(data, prefix=f"criteria-{position}")
            for position in range(min(count, MOST_SHOWN))
        ]
        sent = data.get("primary", "")
        self.primary = int(sent) if sent in map(str, range(len(self.items))) else 0

    @property
    def absent_defaults(self) -> list[tuple[str, str]]:
        """Key and title of the default criteria that are not asked."""
        there = {item["key"].value() for item in self.items}
        return [(one.key, one.label) for one in DEFAULT_CRITERIA if one.key not in there]

    def is_valid(self) -> bool:
        # A list first: each of them is to be checked.
        checked = [item.is_valid() for item in self.items]
        return all(checked)

    def changes(self) -> dict[str, Any]:
        """Return criteria, weights and the primary criterion, as the protocol takes them."""
        criteria = [item.as_protocol() for item in self.items]
        weights = {
            one["key"]: _weight(item) for one, item in zip(criteria, self.items, strict=True)
        }
        made: dict[str, Any] = {"criteria": criteria, "weights": weights}
        if criteria:
            made["primary_criterion"] = criteria[self.primary]["key"]
        return made

    def place_errors(self, errors: Iterable[InputError]) -> None:
        """Put each error at the field of its criterion, or on top."""
        for one in errors:
            head, position, name = [*(one.column or "").split(".", 2), "", ""][:3]
            if head == "criteria" and position.isdecimal() and int(position) < len(self.items):
                item = self.items[int(position)]
                scale = item.cleaned_data.get("scale", "")
                name = name.replace("labels.", _label_name(scale, ""))
                item.add_error(name if name in item.fields else None, one.message)
            elif head == "weights" and (found := self._item(position)):
                found.add_error("weight", one.message)
            else:
                self.errors.append(one.message)

    def rearrange(self, action: str) -> None:
        """Do `up-1`, `down-1`, `remove-1` or `add-KEY` to the list; anything else does nothing.

        What was sent is shown again, unchecked: the criterion that was put in is still empty.
        """
        values = [_sent(item) for item in self.items]
        for position, one in enumerate(values):
            one["primary"] = position == self.primary
        kind, _hyphen, what = action.partition("-")
        if kind == "add":
            values.append(_default(what))
        elif what.isdecimal() and int(what) < len(values):
            _move(values, kind, int(what))
        self._show(values)

    def as_data(self) -> dict[str, Any]:
        """Return what a browser would send of the list as it stands."""
        data: dict[str, Any] = {"count": str(len(self.items)), "primary": str(self.primary)}
        for item in self.items:
            data |= {item.add_prefix(name): value for name, value in _sent(item).items()}
        return data

    def _item(self, key: str) -> CriterionForm | None:
        keyed = (item for item in self.items if item.as_protocol()["key"] == key)
        return next(keyed, None)

    def _show(self, values: list[Values]) -> None:
        self.is_bound = False
        self.items = [
            CriterionForm(initial=one, prefix=f"criteria-{position}")
            for position, one in enumerate(values)
        ]
        chosen = [position for position, one in enumerate(values) if one.get("primary")]
        self.primary = chosen[0] if chosen else 0


def _sent(item: CriterionForm) -> Values:
    return {name: value for name in item.fields if (value := item[name].value()) is not None}


def _move(values: list[Values], kind: str, position: int) -> None:
    other = {"up": position - 1, "down": position + 1}.get(kind, -1)
    if kind == "remove":
        del values[position]
    elif 0 <= other < len(values):
        values[position], values[other] = values[other], values[position]


def _default(key: str) -> Values:
    found = [one for one in DEFAULT_CRITERIA if one.key == key]
    return _criterion_values(asdict(found[0])) if found else {"scale": "graded7", "weight": 1}


def _criterion_values(criterion: Mapping[str, Any]) -> Values:
    words = {
        _label_name(criterion["scale"], value): word for value, word in criterion["labels"].items()
    }
    return {**{name: criterion[name] for name in TEXTS}, **words, "weight": 1}


def _values_of(protocol: Mapping[str, Any]) -> list[Values]:
    return [
        {
            **_criterion_values(one),
            # Written without needless decimals: 1, not 1.0.
            "weight": f"{protocol['weights'].get(one['key'], 0):g}",
            "primary": one["key"] == protocol["primary_criterion"],
        }
        for one in protocol["criteria"]
    ]


def _weight(item: CriterionForm) -> float:
    weight = item.cleaned_data.get("weight")
    return 0.0 if weight is None else float(weight)
