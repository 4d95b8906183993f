"""What a rater is never to be shown."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import EVERY_WARNING


class WarningsForm(forms.Form):
    """A box for everything that carries a warning, and one for each warning there is."""

    every = forms.BooleanField(
        label=_("Nothing that carries a content warning, whatever it says"), required=False
    )
    tags = forms.MultipleChoiceField(
        label=_("Nothing with one of these warnings"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, known: Sequence[str], avoided: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = [one for one in avoided if one != EVERY_WARNING]
        # One that no study uses just now stays chosen until the rater says otherwise.
        every = sorted({*known, *chosen})
        self.fields["tags"].choices = [(one, one) for one in every]  # type: ignore[attr-defined] # a field of choices
        self.initial.setdefault("every", EVERY_WARNING in avoided)
        self.initial.setdefault("tags", chosen)

    @property
    def avoided(self) -> list[str]:
        """What is chosen, as `avoid_warnings` takes it."""
        every = [EVERY_WARNING] if self.cleaned_data["every"] else []
        return [*self.cleaned_data["tags"], *every]
