"""Django's field checks, raised as the errors that services raise."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from core.errors import InputError, Invalid


def check_fields(row: models.Model, *, exclude: Collection[str] = ()) -> None:
    """Check a row's fields one by one. Raises `Invalid` with the column of each error."""
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        errors = [
            InputError("invalid", message, column=column)
            for column, messages in error.message_dict.items()
            for message in messages
        ]
        shown = f"{errors[0].column}: {errors[0].message}"
        raise Invalid(
            _("This cannot be stored. %(shown)s") % {"shown": shown}, errors=errors
        ) from error
