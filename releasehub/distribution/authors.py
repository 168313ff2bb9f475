"""The accounts that an actor may see: those that own or have published something that the actor may see."""

from downloads.models import Download
from releasehub.accounts.models import Organization, User
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from versions.models import Version


def find_author(actor: Actor, username: str) -> User:
    """Return the user.

    Raises:
        NotFound: The user does not exist, or has neither a download nor a version that the actor may see. Both look
            the same, so that the response does not tell which accounts exist.
    """
    user = User.objects.filter(username=username.replace("\0", "")).first()
    if user is None or not (user == actor.user or _has_something_for(actor, user)):
        raise NotFound
    return user


def _has_something_for(actor: Actor, user: User) -> bool:
    downloads = Download.objects.visible_to(actor)
    return (
        downloads.filter(owner=user).exists()
        or Version.objects.listed_to(actor).filter(author=user, download__in=downloads).exists()
    )


def find_organization(actor: Actor, slug: str) -> Organization:
    """Return the organization.

    Raises:
        NotFound: The organization does not exist, or has no download that the actor may see, and the actor is not a
            member.
    """
    found: Organization | None = Organization.objects.filter(slug=slug.replace("\0", "")).first()
    if found is None or not (
        Download.objects.visible_to(actor).filter(organization=found).exists()
        or found.memberships.filter(user=actor.user_id).exists()
    ):
        raise NotFound
    return found
