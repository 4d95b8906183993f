"""Print a new one-time sign-in link, or a new token, for a user who exists."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import User


class Command(BaseCommand):
    help = "Print a one-time sign-in path for a user; with --token an API token instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME")
        parser.add_argument("--token", action="store_true", help="print an API token, once")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        now = timezone.now()
        if options["token"]:
            self.stdout.write(services.issue_token(user=user, name="command", now=now).secret)
            return
        secret = services.issue_sign_in_link(user=user, now=now)
        self.stdout.write(reverse("sign-in", urlconf="accounts.urls", args=[secret]))
