"""The command `changepassword`, which replaces that of Django."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.services.one_time_links import end_password_links
from releasehub.accounts.services.saving import save_account
from releasehub.core.commands import HubCommand
from releasehub.core.querysets import first_or_not_found


class Command(HubCommand):
    help = "Set the password of an account, which signs it out everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="by default, the name of the user of the system")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"] or getpass.getuser()
        message = f"The user {username} does not exist. Check the spelling."
        user = first_or_not_found(User.objects.filter(username=username), message)
        password = getpass.getpass(prompt=f"New password of {user}: ")
        if password != getpass.getpass(prompt="New password (again): "):
            raise CommandError("The passwords differ, so nothing has changed. Run the command again.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        user.set_password(password)
        # The account may have been changed during the prompts, and the command of Django saves all of it.
        with transaction.atomic():
            save_account(user, ["password"])
            end_password_links(user)
        self.stdout.write(f"{user} has the new password.")
