from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from releasehub.accounts.models import User
from releasehub.apikeys.binding import find_download_id
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import DomainError


class Command(BaseCommand):
    help = "Issues an API key and prints it alone on the last line. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            choices=Scope.values,
            metavar="SCOPE",
            help=f"may be repeated; one of {', '.join(Scope.values)}",
        )
        parser.add_argument("--download", action="append", default=[], metavar="SLUG", help="bind the key to downloads")
        parser.add_argument("--expires", type=int, metavar="DAYS")
        parser.add_argument("--super-user", action="store_true", help="skips scopes and policies")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}: create one with manage.py createsuperuser.")
        days = options["expires"]
        try:
            _, secret = issue_key(
                actor=Actor(origin=Origin.CLI, is_super_key=True),
                user=user,
                name=options["name"],
                scopes=options["scope"],
                download_ids=self.download_ids(options["download"]),
                expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
                is_super_user=options["super_user"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        if not options["scope"] and not options["super_user"]:
            self.stderr.write("The key has no scope, so it can do nothing yet: give --scope.")
        self.stdout.write(secret)

    def download_ids(self, slugs: list[str]) -> list[int]:
        found = {slug: find_download_id(slug) for slug in slugs}
        if missing := sorted(slug for slug, pk in found.items() if pk is None):
            raise CommandError(f"There is no download {', '.join(missing)}.")
        return sorted({pk for pk in found.values() if pk is not None})
