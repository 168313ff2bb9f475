"""The use case that sets up a hub without users: its administrator, its name and a first category."""

from django.conf import settings
from django.db import transaction

from downloads.services.categories import create_category
from releasehub.accounts.models import OneTimeLink, User
from releasehub.accounts.services.one_time_links import find_link, use_link
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.site import store_site_name


@transaction.atomic
def set_up_hub(
    *, actor: Actor, token: str, username: str, password: str, site_name: str = "", category: str = ""
) -> User:
    """Create the site administrator, and the name of the site and a first category if they were entered.

    Raises:
        NotFound: The link is not usable, or somebody has an account already.
    """
    link = find_set_up_link(token)
    administrator = User.objects.create_superuser(username, password=password)
    joined = actor.for_user(administrator)
    use_link(actor=joined, link=link)
    if category:
        create_category(actor=joined, title=category)
    if site_name and not settings.SITE_NAME:
        store_site_name(site_name)
    return administrator


def find_set_up_link(token: str) -> OneTimeLink:
    """Return the link that was printed on the terminal.

    Raises:
        NotFound: The token is wrong, or the hub is set up.
    """
    if not needs_set_up():
        raise NotFound
    return find_link(OneTimeLink.Kind.SET_UP, token)


def needs_set_up() -> bool:
    return not User.objects.exists()
