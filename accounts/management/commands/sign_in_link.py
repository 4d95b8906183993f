"""Print a one-time sign-in path for a user who is there already."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import User


class Command(BaseCommand):
    help = "Print a path that signs a user in once, within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        secret = services.issue_sign_in_link(user=user, now=timezone.now())
        self.stdout.write(reverse("sign-in", args=[secret]))
