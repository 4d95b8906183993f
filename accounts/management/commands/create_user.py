"""Create a user, and print a token or a sign-in link once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import RaterProfile, User
from accounts.services.users import LINK_LIFETIME
from core.errors import DomainError


class Command(BaseCommand):
    help = "Create a user; with --token print an API token, with --link a sign-in path, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME")
        parser.add_argument("--role", required=True, choices=User.Role.values)
        parser.add_argument("--token", action="store_true", help="print an API token, once")
        parser.add_argument("--link", action="store_true", help="print a one-time sign-in path")
        parser.add_argument("--languages", default="", help="a rater's languages, such as en,de")
        parser.add_argument("--kind", choices=RaterProfile.Kind.values, default="person")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            user = services.create_user(
                username=options["username"],
                role=options["role"],
                kind=options["kind"],
                languages=options["languages"].split(","),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["token"]:
            issued = services.issue_token(user=user, name="create_user", now=now)
            self.stdout.write(issued.secret)
        if options["link"]:
            secret = services.issue_sign_in_link(user=user, now=now)
            self.stdout.write(reverse("sign-in", args=[secret]))
            self.stderr.write(
                "Put the site's address before it (locally http://127.0.0.1:8700) and send it to "
                f"{user.username}, who opens it in a browser: it signs in once, within "
                f"{LINK_LIFETIME.total_seconds() / 3600:.0f} hours.",
                style_func=str,
            )
