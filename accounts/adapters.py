"""What the sign-in library asks this site: who may sign up, and how second factors are kept."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import is_admin
from accounts.secrets import SeedUnreadable, decrypt_seed, encrypt_seed
from core.errors import Conflict

NEW_SECOND_FACTOR_AT = "new_second_factor_at"
JUST_NOW = 300  # seconds, as long as the library takes a code that was entered for fresh


def note_new_second_factor(request: HttpRequest, **_kwargs: Any) -> None:
    """Receives the library's signal, once the code that its app shows was entered."""
    request.session[NEW_SECOND_FACTOR_AT] = time.time()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # untyped library
    """Accounts are made by invitation or by admins, never by signing up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("The name or the password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask nobody for another code who entered one just now to set the second factor up."""
        since = time.time() - self.request.session.get(NEW_SECOND_FACTOR_AT, 0)
        return since > JUST_NOW and bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go back to the account, where the password is said to be set."""
        return reverse("profile")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # untyped library
    """Seeds are encrypted at rest; where admins need a second factor, they cannot remove it."""

    def encrypt(self, text: str) -> str:
        return encrypt_seed(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return decrypt_seed(encrypted_text)
        except SeedUnreadable as error:
            # Never an empty seed instead: its codes are known to everybody.
            raise Conflict(
                _("Your second factor cannot be read; whoever runs this site has to remove it."),
                code="second_factor_unreadable",
            ) from error

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not (settings.ADMINS_NEED_SECOND_FACTOR and is_admin(authenticator.user))
