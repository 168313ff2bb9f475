"""Print the link that sets up a hub without users."""

from typing import Any

from django.core.management.base import CommandError
from django.urls import reverse

from downloads.services.first_run import needs_set_up
from releasehub.accounts.services.one_time_links import create_set_up_link
from releasehub.core.actor import system_actor
from releasehub.core.commands import HubCommand
from releasehub.core.site import site_url


class Command(HubCommand):
    help = "Print a link that works once: its page makes the administrator of a hub without users."

    def handle(self, *args: Any, **options: Any) -> None:
        if not needs_set_up():
            raise CommandError(
                "This hub has users already. Create another administrator with manage.py createsuperuser, or in the "
                "admin."
            )
        self.stdout.write(set_up_url(site_url()))


def set_up_url(origin: str) -> str:
    """Return a new link. Earlier ones end."""
    return origin + reverse("pages:set-up", args=[create_set_up_link(actor=system_actor())])
