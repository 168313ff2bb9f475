"""The command `anonymize_user`."""

from argparse import ArgumentParser
from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import EFFECT, anonymize_user
from releasehub.core.actor import Actor, Origin
from releasehub.core.commands import HubCommand
from releasehub.core.querysets import first_or_not_found


class Command(HubCommand):
    help = f"Anonymize a user who has left. {EFFECT}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", default="", help="shown in the audit log")
        parser.add_argument("--yes", action="store_true", help="do it; without this, only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        message = f"The user {options['username']} does not exist. Check the spelling."
        user = first_or_not_found(User.objects.filter(username=options["username"]), message)
        if not options["yes"]:
            self.stdout.write(f"{EFFECT}\nNothing has changed. Repeat the command with --yes to anonymize {user}.")
            return
        actor = Actor(origin=Origin.CLI, is_super_key=True)
        user = anonymize_user(actor=actor, user=user, reason=options["reason"])
        self.stdout.write(f"The account is anonymized and now called {user}.")
