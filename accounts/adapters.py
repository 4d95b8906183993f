"""What the sign-in library asks this site: who may sign up, and how second factors are kept."""

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


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # untyped library
    """Accounts are made by invitation or by admins, never by signing up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("The name or the password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

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
