"""The parts of a protocol as forms: they check shape, and the protocol says what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from core.errors import InputError
from judging.models import Study
from judging.protocol.schema import DEFAULTS
from judging.services.material import ModelChoice, PoolChoice

RULES = (
    ("show", _("Show: judged like any other answer")),
    ("forfeit", _("Forfeit: it loses without being shown")),
    ("exclude", _("Exclude: no comparison is made of it")),
)
SEPARATOR = "__"


def path_of(name: str) -> str:
    """Return the protocol's path of a form field: design__baseline is design.baseline."""
    return name.replace(SEPARATOR, ".")


class AboutForm(forms.ModelForm):
    """What a study is called, while one writes: its page keeps its address meanwhile."""

    use_required_attribute = False

    class Meta:
        model = Study
        fields: tuple[str, ...] = ("name", "description")
        labels = {"name": _("Name"), "description": _("Description (optional)")}
        help_texts = {
            "name": _("Raters see it. It must not tell which models take part."),
            "description": _("Raters see it beside the name: what is judged, and for what."),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class NewStudyForm(AboutForm):
    """What a study is called, with the address: made from the name unless it is given."""

    class Meta(AboutForm.Meta):
        fields = ("name", "description", "slug")
        labels = {**AboutForm.Meta.labels, "slug": _("Address (optional)")}
        help_texts = {
            **AboutForm.Meta.help_texts,
            "slug": _(
                "The last part of the study's address, which raters see too; made from the name "
                "when empty."
            ),
        }
        error_messages = {"slug": {"unique": _("Another study has this address; choose another.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """Make the address from the name; a name without Latin letters has none."""
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""))[:80]
        if not slug and "name" in self.cleaned_data:
            raise forms.ValidationError(_("Write an address in Latin letters, digits and hyphens."))
        return str(slug)


class ProtocolForm(forms.Form):
    """Fields of a protocol by path. `fixed` are the top-level fields that may not change any more."""

    use_required_attribute = False

    def __init__(
        self, data: Any = None, *, protocol: Mapping[str, Any], fixed: Iterable[str] = ()
    ) -> None:
        super().__init__(data)
        self.protocol = protocol
        for name, field in self.fields.items():
            self.initial[name] = _at(protocol, path_of(name))
            if name.split(SEPARATOR)[0] in fixed:
                field.disabled = True

    def changes(self) -> dict[str, Any]:
        """Return the whole top-level fields of the protocol that this form holds."""
        made: dict[str, Any] = {}
        for name, value in self.cleaned_data.items():
            head, _dot, inner = path_of(name).partition(".")
            if self.fields[name].disabled:
                continue
            if inner:
                # What the form does not ask of a field that is replaced as a whole stays.
                made.setdefault(head, dict(self.protocol[head]))[inner] = value
            else:
                made[head] = value
        return made

    def place_errors(self, errors: Iterable[InputError]) -> None:
        """Put each error at the field of its path, or of the nearest path above it."""
        for one in errors:
            name = (one.column or "").replace(".", SEPARATOR)
            while name and name not in self.fields:
                name = name.rpartition(SEPARATOR)[0]
            self.add_error(name or None, one.message)


class MaterialForm(ProtocolForm):
    """The pool version that is judged, and the models that take part."""

    pool = forms.ChoiceField(
        label=_("Prompts"),
        required=False,
        help_text=_("A published version of a pool. It never changes, and neither will the study."),
    )
    models = forms.MultipleChoiceField(label=_("Models"), required=False)

    def __init__(
        self, data: Any = None, *, pools: list[PoolChoice], models: list[ModelChoice], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        options = [(one.name, f"{one.title} · {one.prompts} prompts") for one in pools]
        self.fields["pool"].choices = [("", _("Choose a pool")), *options]  # type: ignore[attr-defined] # a ChoiceField
        self.fields["models"].choices = [(one.name, one.title) for one in models]  # type: ignore[attr-defined] # a ChoiceField
        pool = self.protocol["pool"]
        self.initial["pool"] = f"{pool['slug']}@{pool['version']}" if pool else ""

    def changes(self) -> dict[str, Any]:
        """Name the pool and the models; what the design said of models that left goes with them."""
        slug, _at_sign, number = self.cleaned_data["pool"].rpartition("@")
        chosen = self.cleaned_data["models"]
        # Models keep the order in which they were taken in, however the page lists them.
        earlier = [name for name in self.protocol["models"] if name in chosen]
        models = [*earlier, *(name for name in chosen if name not in earlier)]
        design = dict(self.protocol["design"])
        design["pairs"] = [pair for pair in design["pairs"] if set(pair) <= set(models)]
        if design["baseline"] not in models:
            design["baseline"] = ""
        pool = {"slug": slug, "version": int(number)} if slug else None
        return {"pool": pool, "models": models, "design": design}


class DesignForm(ProtocolForm):
    """Which models meet, on how many prompts, and how often each comparison is judged."""

    design__kind = forms.ChoiceField(
        label=_("Which models meet"),
        choices=(
            ("all_pairs", _("All pairs: every model meets every other")),
            ("baseline", _("Against a baseline: one model meets each of the others")),
            ("chosen", _("Chosen pairs: only those you tick")),
        ),
        widget=forms.RadioSelect,
    )
    design__baseline = forms.ChoiceField(label=_("Baseline"), required=False)
    design__pairs = forms.MultipleChoiceField(
        label=_("Pairs"), required=False, widget=forms.CheckboxSelectMultiple
    )
    design__prompts_per_pair = forms.IntegerField(
        label=_("Prompts for each pair"),
        required=False,
        help_text=_("Drawn at random for each pair. Empty: all prompts of the pool."),
    )
    judgments_per_comparison = forms.IntegerField(
        label=_("Judgments for each comparison"),
        help_text=_("By different raters. More of them tell how far raters agree."),
    )
    judgments_per_rater = forms.IntegerField(
        label=_("Most judgments by one rater"),
        required=False,
        help_text=_("Empty: no limit. A limit keeps one person's taste from deciding the board."),
    )

    def __init__(self, data: Any = None, *, names: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        models = self.protocol["models"]
        titles = {one: names.get(one, one) for one in models}
        options = [("", _("Choose a model")), *titles.items()]
        self.fields["design__baseline"].choices = options  # type: ignore[attr-defined] # a ChoiceField
        stored = {frozenset(pair): tuple(pair) for pair in self.protocol["design"]["pairs"]}
        self._pairs = {}
        for position, first in enumerate(models):
            for second in models[position + 1 :]:
                pair = stored.get(frozenset((first, second)), (first, second))
                self._pairs[" ".join(pair)] = list(pair)
        self.fields["design__pairs"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (name, f"{titles[first]} – {titles[second]}")
            for name, (first, second) in self._pairs.items()
        ]
        self.initial["design__pairs"] = [" ".join(pair) for pair in stored.values()]

    def changes(self) -> dict[str, Any]:
        """Return design and overlap; what belongs to a design that was not chosen is left out."""
        made = super().changes()
        design = made["design"]
        pairs = [self._pairs[name] for name in design["pairs"]]
        design["pairs"] = pairs if design["kind"] == "chosen" else []
        design["baseline"] = design["baseline"] if design["kind"] == "baseline" else ""
        return made


class RulesForm(ProtocolForm):
    """Guidelines, what happens to unusual answers, times, margin and pay."""

    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "Raters have them beside every pair: what the prompts are about, what makes an answer good"
            " here, when it is a tie. Markdown works. Empty: they have only those that they"
            " read before they begin."
        ),
    )
    answers__refused = forms.ChoiceField(label=_("Refused"), choices=RULES)
    answers__filtered = forms.ChoiceField(label=_("Filtered by the provider"), choices=RULES)
    answers__empty = forms.ChoiceField(label=_("Empty"), choices=RULES)
    answers__cut_off = forms.ChoiceField(label=_("Cut off at the length limit"), choices=RULES)
    names_maker = forms.ChoiceField(
        label=_("Says which model wrote it"),
        choices=(
            ("exclude", _("Exclude: no comparison is made of it")),
            ("mask", _("Mask: raters read “[hidden]” in place of the sentences that say it")),
            ("keep", _("Keep: judged although raters may recognise the model")),
        ),
    )
    asks_identity = forms.ChoiceField(
        label=_("Prompt asks who answers"),
        choices=(
            ("exclude", _("Exclude: the prompt is not asked")),
            ("keep", _("Keep: asked although answers may tell the model")),
        ),
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds to undo"),
        help_text=_("How long a rater may change a judgment; the first one is kept too."),
    )
    lease_minutes = forms.IntegerField(
        label=_("Minutes a comparison stays reserved"),
        help_text=_("After that it goes to somebody else; judging starts the time anew."),
    )
    equivalence_margin = forms.FloatField(
        label=_("Margin of equivalence"),
        help_text=_(
            "How far from even still counts as equal: 0.05 means a win rate of 45 to 55 in 100."
        ),
    )
    method__level = forms.FloatField(
        label=_("Level of the intervals"), help_text=_("0.95: of 20 intervals 19 hold the truth.")
    )
    method__elo_k = forms.FloatField(
        label=_("K of online Elo"),
        help_text=_("How far one judgment moves a rating in the boards’ column “Online Elo”."),
    )
    seconds_per_judgment = forms.IntegerField(
        label=_("Seconds for one judgment"), help_text=_("An estimate, for hours and cost.")
    )
    pay_per_hour = forms.FloatField(
        label=_("Pay for an hour"), help_text=_("In your currency; 0 for volunteers.")
    )

    def changes(self) -> dict[str, Any]:
        """Return the changes; browsers send line ends as two characters."""
        made = super().changes()
        made["guidelines"] = made["guidelines"].replace("\r\n", "\n")
        return made


class Group(NamedTuple):
    """Fields that stand together; open where one of them is not as every study begins, or wrong."""

    title: str | Promise
    fields: list[forms.BoundField]
    opened: bool


class ChecksForm(ProtocolForm):
    """What one rater may do, what is asked beside the plan, how blinding is measured, whom a rule holds."""

    GROUPS = (
        (
            _("Which comparison comes next, and how many"),
            (
                "draw",
                "caps__judgments_per_pair",
                "caps__prompt_views",
                "caps__prompt_gap",
                "caps__skips",
            ),
        ),
        (
            _("Beside the plan"),
            ("checks__repeats", "checks__gold", "checks__extra_judgments"),
        ),
        (_("Blinding"), ("reveal", "guessing__answers", "guessing__decoys")),
        (_("Whom boards leave out"), ("holds__checks", "holds__level")),
    )

    draw = forms.ChoiceField(
        label=_("Which pair comes next"),
        choices=(
            ("uniform", _("By chance, all pairs alike")),
            ("coverage", _("Rather pairs with few votes")),
            ("variance", _("Rather pairs that one more vote settles most")),
            ("boundary", _("Rather pairs that decide ranks")),
        ),
        help_text=_("Every draw keeps its probability, so that estimates can be weighed by it."),
    )
    caps__judgments_per_pair = forms.IntegerField(
        label=_("Most judgments of one pair of models by one rater"),
        required=False,
        help_text=_("Empty: no limit."),
    )
    caps__prompt_views = forms.IntegerField(
        label=_("Most views of one prompt by one rater"),
        required=False,
        help_text=_("Each with two answers not seen before. Empty: as often as there are such."),
    )
    caps__prompt_gap = forms.IntegerField(
        label=_("Comparisons between two views of a prompt"),
        help_text=_("As long as there are others."),
    )
    caps__skips = forms.IntegerField(
        label=_("Most skips by one rater"),
        required=False,
        help_text=_("Skips of harmful content never count. Empty: no limit."),
    )
    checks__repeats = forms.FloatField(
        label=_("Share of repeats"),
        help_text=_("Comparisons judged before, with the sides swapped: 0.05 is one in twenty."),
    )
    checks__gold = forms.FloatField(
        label=_("Share of gold comparisons"),
        help_text=_("Comparisons of which you know the better answer, to find careless raters."),
    )
    checks__extra_judgments = forms.IntegerField(
        label=_("More judgments where raters disagree"),
        help_text=_("They tell how far raters agree. No board counts them."),
    )
    reveal = forms.ChoiceField(
        label=_("Who judged which model how"),
        choices=(
            ("any_time", _("Shown at any time; each look is written down")),
            ("after_closing", _("Shown to nobody before the study is closed")),
        ),
        help_text=_("To admins and researchers. Raters never see it."),
    )
    guessing__answers = forms.IntegerField(
        label=_("Answers to guess the model of"),
        help_text=_("Each rater is asked once, after a session. 0: never."),
    )
    guessing__decoys = forms.CharField(
        label=_("Decoys"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Names of models that take no part, one a line; offered among the others. Needed where "
            "raters guess."
        ),
    )
    holds__checks = forms.MultipleChoiceField(
        label=_("Leave out a rater whom one of these finds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=(
            ("gold", _("Gold: wrong where the answer is known")),
            ("repeats", _("Repeats: the other answer when the sides are swapped")),
            ("residual", _("Residual: against what all others say")),
            ("target", _("Target: for or against one model")),
            ("position", _("Position: always the same side")),
            ("ties", _("Ties: far more or fewer than others")),
            ("time", _("Time: faster than anybody reads")),
            ("run", _("Run: different from some moment on")),
            (
                "influence",
                _("Influence: moves a model by more than 2.5 points, and than others do"),
            ),
        ),
        help_text=_(
            "Decided before anybody knows who it concerns. None: nobody is left out by rule."
        ),
    )
    holds__level = forms.FloatField(
        label=_("Chance that an honest rater is left out"), help_text=_("All checks together.")
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.initial["guessing__decoys"] = "\n".join(self.protocol["guessing"]["decoys"])

    @property
    def groups(self) -> Iterator[Group]:
        for title, names in self.GROUPS:
            fields = [self[name] for name in names]
            paths = map(path_of, names)
            changed = any(_at(self.protocol, path) != _at(DEFAULTS, path) for path in paths)
            yield Group(title, fields, changed or any(one.errors for one in fields))

    def changes(self) -> dict[str, Any]:
        """Return the changes, the decoys as a list."""
        made = super().changes()
        lines = made["guessing"]["decoys"].splitlines()
        made["guessing"]["decoys"] = [one.strip() for one in lines if one.strip()]
        return made


_LABELS: dict[str, Any] = {
    path_of(name): field.label
    for kind in (MaterialForm, DesignForm, RulesForm, ChecksForm)
    for name, field in kind.base_fields.items()
} | {
    "primary_criterion": _("Primary criterion"),
    "weights": _("Weight"),
    "cohorts": _("Cohorts"),
    "reserved": _("Reserved prompts"),
}


def label_of(path: str) -> str | Promise:
    """Return what a field of a protocol is called on the pages; its path where nothing is said."""
    name = path
    while name and name not in _LABELS:
        name = name.rpartition(".")[0]
    return _LABELS[name] if name else path


def _at(protocol: Mapping[str, Any], path: str) -> Any:
    found: Any = protocol
    for name in path.split("."):
        found = found[name]
    return found
