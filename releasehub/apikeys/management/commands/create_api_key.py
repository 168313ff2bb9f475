"""The command `create_api_key`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from releasehub.accounts.models import User
from releasehub.apikeys.binding import find_download_id
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key
from releasehub.core.actor import Actor, Origin
from releasehub.core.commands import HubCommand
from releasehub.core.querysets import first_or_not_found


class Command(HubCommand):
    help = "Create an API key and print it on the last line. The key cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the purpose of the key")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            choices=Scope.values,
            metavar="SCOPE",
            help=f"a scope of the key (can be repeated), one of {', '.join(Scope.values)}",
        )
        parser.add_argument(
            "--download",
            action="append",
            default=[],
            metavar="SLUG",
            help="limit the key to this download (can be repeated)",
        )
        parser.add_argument("--expires", type=int, metavar="DAYS", help="days until the key expires (default: never)")
        parser.add_argument("--super-user", action="store_true", help="create a key that can do everything")

    def handle(self, *args: Any, **options: Any) -> None:
        message = f"The user {options['username']} does not exist. Create one with manage.py createsuperuser."
        user = first_or_not_found(User.objects.filter(username=options["username"]), message)
        days = options["expires"]
        _, secret = issue_key(
            actor=Actor(origin=Origin.CLI, is_super_key=True),
            user=user,
            name=options["name"],
            scopes=options["scope"],
            download_ids=self.download_ids(options["download"]),
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
            is_super_user=options["super_user"],
        )
        if not options["scope"] and not options["super_user"]:
            self.stderr.write("The key has no scopes, so it cannot do anything. Create another one with --scope.")
        self.stdout.write(secret)

    def download_ids(self, slugs: list[str]) -> list[int]:
        ids = {slug: find_download_id(slug) for slug in slugs}
        if missing := sorted(slug for slug, pk in ids.items() if pk is None):
            raise CommandError(f"There is no download {', '.join(missing)}.")
        return sorted({pk for pk in ids.values() if pk is not None})
