"""The sign-in library's forms, in the words of this site: no hint in a field repeats its label."""

from typing import Any

from allauth.account import forms as library
from django import forms
from django.utils.translation import gettext_lazy as _

RULES = _("At least 10 characters, not like your name, and none that many people use.")


def _without_hints(form: forms.Form) -> None:
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class LoginForm(library.LoginForm):  # type: ignore[misc] # untyped library
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_hints(self)
        self.fields["login"].label = _("Name")


class ReauthenticateForm(library.ReauthenticateForm):  # type: ignore[misc] # untyped library
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_hints(self)


class SetPasswordForm(library.SetPasswordForm):  # type: ignore[misc] # untyped library
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_hints(self)
        self.fields["password1"].help_text = RULES
        self.fields["password2"].label = _("The same again")


class ChangePasswordForm(library.ChangePasswordForm):  # type: ignore[misc] # untyped library
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_hints(self)
        self.fields["oldpassword"].label = _("The password you have")
        self.fields["password1"].label = _("The new one")
        self.fields["password1"].help_text = RULES
        self.fields["password2"].label = _("The new one again")
