"""The errors that services raise, shown at the fields they are about."""

from django import forms

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
