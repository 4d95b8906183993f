"""How every form is shown: where the cursor stands, and what services refused at which field."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates

from core.errors import DomainError, Invalid


def add_errors(form: forms.Form, error: DomainError) -> None:
    """Add a service's refusal to a form: at its fields where it names them, else on top."""
    found = error.errors if isinstance(error, Invalid) else []
    for one in found:
        name = (one.column or "").partition(".")[0]
        text = f"{one.message} {one.hint or ''}".strip()
        form.add_error(name if name in form.fields else None, text)
    if not found:
        form.add_error(error.code if error.code in form.fields else None, error.message)


class ShownField(BoundField):
    """A field of a page: of those that are wrong, the cursor stands in the first."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        shown = super().build_widget_attrs(attrs, widget)
        # Of a group every box would ask for it.
        if self.name == next(iter(self.form.errors), None) and not self.use_fieldset:
            shown["autofocus"] = True
        return shown


class FormRenderer(DjangoTemplates):
    bound_field_class = ShownField
