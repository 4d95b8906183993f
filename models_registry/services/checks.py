"""Django's field checks, raised as the errors that services raise."""

from collections.abc import Collection
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from core.errors import InputError, Invalid


def checked_amount(model: type[models.Model], name: str, value: Decimal) -> Decimal:
    """Return an amount of money that its column keeps as it is.

    Raises `Invalid` for a negative one, one without an end, and one that is larger or finer than the
    column: a database would round it, and a budget of $0.002 would become one of nothing.
    """
    field = model._meta.get_field(name)
    assert isinstance(field, models.DecimalField)  # no other column holds money
    try:
        amount: Decimal = field.clean(value, None)
    except ValidationError as error:
        raise Invalid(
            _("%(value)s cannot be kept as %(name)s. %(message)s")
            % {"value": value, "name": field.verbose_name, "message": " ".join(error.messages)},
            code=name,
        ) from error
    if amount < 0:
        raise Invalid(_("%(name)s is not negative.") % {"name": field.verbose_name}, code=name)
    return amount


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
