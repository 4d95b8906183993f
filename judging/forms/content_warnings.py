"""What a rater is never to be shown."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import EVERY_WARNING
from core.content_warnings import warning_words


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
        self.meant: dict[str, list[str]] = {}
        for tag in sorted({*known, *chosen}):
            self.meant.setdefault(warning_words(tag), []).append(tag)
        # Tags that say the same to people are one box; it stands for all of them.
        boxes = [(tags[0], words) for words, tags in self.meant.items()]
        boxes.sort(key=lambda box: box[1].lower())
        self.fields["tags"].choices = boxes  # type: ignore[attr-defined] # a field of choices
        self.initial.setdefault("every", EVERY_WARNING in avoided)
        self.initial.setdefault("tags", [self._meant_by(one)[0] for one in chosen])

    def _meant_by(self, tag: str) -> list[str]:
        return self.meant[warning_words(tag)]

    @property
    def avoided(self) -> list[str]:
        """What is chosen, as `avoid_warnings` takes it."""
        every = [EVERY_WARNING] if self.cleaned_data["every"] else []
        tags = chain.from_iterable(map(self._meant_by, self.cleaned_data["tags"]))
        return [*tags, *every]
