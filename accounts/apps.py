from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from accounts.adapters import note_new_second_factor
        from accounts.middleware import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="note_sign_in")
        authenticator_added.connect(note_new_second_factor, dispatch_uid="note_new_second_factor")
