"""Bases of the apps' serializers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


def checked(kind: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return what was sent, as `kind` reads it. Raises DRF's ValidationError for what is wrong."""
    body = kind(data=data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class StrictSerializer(serializers.Serializer):
    """Refuses fields it does not know, so that a misspelt field is never silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                told = _("Unknown field; known are %(fields)s.") % {
                    "fields": ", ".join(self.fields)
                }
                raise serializers.ValidationError({str(name): [told] for name in unknown})
        return super().to_internal_value(data)


class StrictBoolean(serializers.BooleanField):
    """true or false, and none of the many words that look like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class StrictInteger(serializers.IntegerField):
    """A whole number: not "1", not true, not 1.0."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictText(serializers.CharField):
    """A text as it is: not a number, and with its white space."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))
