"""Forms of the pages: what an upload is, which column holds what, and whether somebody is sure."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict
from core.uploads import FORM_BYTES
from prompts.models import PromptPool
from prompts.records import SOURCES

ROLES = {
    "id": _("Id"),
    "context": _("Context, put before the prompt"),
    "category": _("Category"),
    "domain": _("Domain"),
    "language": _("Language"),
    "risk_tags": _("Risk tags"),
    "reference_answer": _("Reference answer"),
    "criteria": _("Criteria that apply"),
}
HOLDS = (
    ("prompt", _("one text: the whole prompt")),
    ("turns", _("a list: what the user says, turn by turn")),
    ("messages", _("a list of messages, each with role and content")),
)


class FileForm(forms.Form):
    """One file of any kind that is taken; `declared` is the size of the whole request."""

    file = forms.FileField(label=_("File"), max_length=1000)

    def __init__(self, *args: Any, declared: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.declared = declared
        self.fields["file"].widget.attrs["data-most-bytes"] = settings.UPLOAD_MAX_BYTES
        if declared > settings.UPLOAD_MAX_BYTES + FORM_BYTES:
            # It was skipped while it arrived: that it is missing is not what went wrong.
            self.fields["file"].error_messages["required"] = self._too_large()

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(self._too_large(), code="too_large")
        return file

    def _too_large(self) -> str:
        return _("The file is larger than %(size)d MB; split it, and upload the parts.") % {
            "size": settings.UPLOAD_MAX_BYTES // 2**20
        }


class UploadForm(FileForm):
    pool = forms.ModelChoiceField(
        PromptPool.objects.order_by("name"),
        label=_("Pool"),
        required=False,
        to_field_name="slug",
        empty_label=_("A new pool"),
        help_text=_("A pool is a named collection of prompts. More files can be added later."),
    )


class ImportForm(forms.Form):
    """How the kept file is imported; a column that is not chosen stays as it was recognised."""

    pool_name = forms.CharField(label=_("Name of the new pool"), max_length=200, strip=True)
    source = forms.ChoiceField(label=_("The prompts are in column"), required=False)
    holds = forms.ChoiceField(label=_("It holds"), choices=HOLDS, required=False)
    skip_bad_rows = forms.BooleanField(label=_("Leave the rows with errors out"), required=False)
    refuse_duplicates = forms.BooleanField(
        label=_("Take a prompt that stands there twice only once"), required=False
    )

    def __init__(
        self,
        *args: Any,
        columns: tuple[str, ...],
        recognised: bool,
        new_pool: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        named = [(one, one) for one in columns]
        choices = [("", _("as recognised")), *named]
        first = choices if recognised else [("", _("Choose a column")), *named]
        self.fields["source"].choices = first  # type: ignore[attr-defined] # a ChoiceField
        for role, label in ROLES.items():
            self.fields[role] = forms.ChoiceField(label=label, choices=choices, required=False)
        if not new_pool:
            del self.fields["pool_name"]

    def column_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("source", "holds", *ROLES)]


def named_columns(told: Any) -> dict[str, str]:
    """Return role -> column of what was chosen in an import form's fields."""
    named = {role: told[role] for role in ROLES if told.get(role)}
    if told.get("source"):
        holds = told.get("holds")
        named[holds if holds in SOURCES else "prompt"] = told["source"]
    return named


class SureForm(forms.Form):
    """Asks for the name of what is about to go."""

    name = forms.CharField(
        label=_("Type the name to confirm"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def check(self, name: str) -> None:
        """Raise `Conflict` unless this name was typed, in whatever case: headings begin with a capital."""
        if not self.is_valid() or self.cleaned_data["name"].casefold() != name.casefold():
            message = _("The name typed is not “%(name)s”; nothing was changed.")
            raise Conflict(str(message % {"name": name}), code="not_confirmed")
