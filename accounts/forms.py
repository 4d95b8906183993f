"""The shapes of what is typed on the account pages; services check the meaning."""

from collections.abc import Sequence
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.languages import OFFERED
from accounts.models import User
from accounts.services.consent import LONGEST_PART, PARTS
from accounts.services.holds import LONGEST_REASON
from accounts.services.invitations import LONGEST_NOTE, MOST_USES
from accounts.services.second_factor import use_up_code
from accounts.tokens import SCOPES_OF_ROLE
from core.errors import DomainError, Invalid

LONGEST_NAME = 150


class ServiceForm(forms.Form):
    """A form that shows what a service refused, at the field it is about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def show(self, error: DomainError, *, column: str | None = None) -> None:
        """Put a service's error at the fields it names, or at `column`, or above the form."""
        named = [
            (one.column if one.column in self.fields else column, one.message)
            for one in (error.errors if isinstance(error, Invalid) else [])
        ]
        for field, message in named or [(column, error.message)]:
            self.add_error(field, message)


class LanguagesForm(ServiceForm):
    """Boxes for the usual languages, and a line for the codes of others."""

    languages = forms.MultipleChoiceField(
        label=_("Languages you read well"),
        choices=list(OFFERED.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    others = forms.CharField(
        label=_("Others"),
        help_text=_("Language codes with commas between them, such as pt-br, fi."),
        required=False,
        max_length=200,
    )

    def __init__(self, *args: Any, known: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("languages", [one for one in known if one in OFFERED])
        others = ", ".join(one for one in known if one not in OFFERED)
        self.initial.setdefault("others", others)

    @property
    def codes(self) -> list[str]:
        data = self.cleaned_data
        return [*data["languages"], *data["others"].split(",")]


class AccountForm(ServiceForm):
    """Who is to come in: raters come by invitation."""

    username = forms.CharField(
        label=_("Name"),
        help_text=_("Letters, digits and @ . + - _ only, without spaces."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (User.Role.RESEARCHER, _("Researcher: reads boards and takes the votes home as files")),
            (User.Role.ADMIN, _("Admin: does everything, as you do")),
        ],
        widget=forms.RadioSelect,
        initial=User.Role.RESEARCHER,
    )


class ConsentForm(LanguagesForm):
    number = forms.IntegerField(widget=forms.HiddenInput)
    avoid_every_warning = forms.BooleanField(
        label=_("Show me nothing that carries a content warning"), required=False
    )
    guidelines_read = forms.BooleanField(
        label=_("I have read the guidelines"),
        error_messages={"required": _("Confirm that you have read the guidelines.")},
    )
    agreed = forms.BooleanField(
        label=_("I agree to take part as described above"),
        error_messages={"required": _("Without your agreement you are shown nothing to judge.")},
    )


class ConsentTextForm(ServiceForm):
    purpose = forms.CharField(label=_("Purpose"), widget=forms.Textarea(attrs={"rows": 8}))
    data_use = forms.CharField(label=_("Use of data"), widget=forms.Textarea(attrs={"rows": 8}))
    pay = forms.CharField(label=_("Pay"), widget=forms.Textarea(attrs={"rows": 5}))
    withdrawal = forms.CharField(label=_("Withdrawal"), widget=forms.Textarea(attrs={"rows": 8}))
    guidelines = forms.CharField(label=_("Guidelines"), widget=forms.Textarea(attrs={"rows": 10}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in PARTS:
            self.fields[part].widget.attrs["maxlength"] = LONGEST_PART


class AcceptForm(ServiceForm):
    username = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_(
            "Letters, digits and @ . + - _ only, without spaces. Only admins see it; it need not be"
            " yours."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password (optional)"),
        required=False,
        strip=False,
        help_text=_(
            "At least 10 characters. Without one you can come back only with a link from whoever"
            " invited you."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def ask_again_for_password(self) -> None:
        """Let nobody who chose a password come in without one: a page never sends one back."""
        if not self.data.get("password"):
            return
        if not self.has_error("password"):
            self.add_error("password", _("The page does not keep it: please type it again."))
        self.fields["password"].widget.attrs["required"] = True


class InvitationForm(LanguagesForm):
    field_order = ["note", "max_uses", "days", "languages", "others"]
    note = forms.CharField(
        label=_("For whom (optional)"),
        max_length=LONGEST_NOTE,
        required=False,
        help_text=_("Only admins see this."),
    )
    max_uses = forms.IntegerField(
        label=_("How many people may use it"), min_value=1, max_value=MOST_USES, initial=1
    )
    days = forms.IntegerField(
        label=_("Valid for how many days"), min_value=1, max_value=366, initial=14
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["languages"].label = _("Languages they start with (optional)")


class TokenForm(ServiceForm):
    name = forms.CharField(label=_("What it is for"), max_length=100)
    days = forms.IntegerField(
        label=_("Valid for how many days"), min_value=1, max_value=366, initial=90
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple
    )
    LABELS = {
        "read": _("Read studies, models and boards"),
        "export": _("Download judgments and boards"),
        "manage": _("Upload, register, generate, run studies"),
        "judge": _("Judge"),
    }

    def __init__(self, *args: Any, role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = sorted(SCOPES_OF_ROLE[role], key=list(self.LABELS).index)
        self.fields["scopes"].choices = [(one, self.LABELS[one]) for one in scopes]  # type: ignore[attr-defined] # a field of choices
        self.initial.setdefault("scopes", scopes)


class ReasonForm(ServiceForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        help_text=_("Kept with your name and the time; the rater does not see it."),
    )


class WithdrawForm(forms.Form):
    confirm = forms.CharField(label=_("Your name, to confirm"), max_length=LONGEST_NAME)

    def __init__(self, *args: Any, username: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.username = username
        self.fields["confirm"].widget.attrs["autocomplete"] = "off"

    def clean_confirm(self) -> str:
        if self.cleaned_data["confirm"] != self.username:
            raise forms.ValidationError(_("Write your name exactly as it is shown above."))
        return self.username


class TakenOnce(BaseAuthenticateForm):  # type: ignore[misc] # untyped library
    """A right code is taken once, whichever process it comes to."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not use_up_code(authenticator=self.authenticator, code=code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SignInCodeForm(TakenOnce, AuthenticateForm):  # type: ignore[misc] # untyped library
    pass


class ConfirmCodeForm(TakenOnce, ReauthenticateForm):  # type: ignore[misc] # untyped library
    pass
