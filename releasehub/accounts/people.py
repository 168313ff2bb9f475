"""Lookup of users by what people enter: a user name or an e-mail address."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models.functions import Lower

from releasehub.accounts.models import User


def find_active_user(text: str) -> User | None:
    """Return the only active user with this user name or e-mail address. The caller may see accounts."""
    return User.objects.filter(username=text, is_active=True).first() or users_by_email([text]).get(text.lower())


def users_by_email(emails: Iterable[str]) -> dict[str, User]:
    """Return the active users with these e-mail addresses, by the address in lower case. This takes one query.

    An address that several users share is left out, because it does not identify one of them.
    """
    lowered = {email.lower() for email in emails}
    users_of: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.annotate(lower_email=Lower("email")).filter(lower_email__in=lowered, is_active=True):
        users_of[user.lower_email].append(user)
    return {email: users[0] for email, users in users_of.items() if len(users) == 1}


def username_of(name: str) -> str:
    """Return the user name for what was entered as the name.

    An e-mail address becomes the name of its user, unless several users share it or it is somebody's user name.
    """
    if User.objects.filter(username=name).exists():
        return name
    users = list(User.objects.filter(email__iexact=name)[:2]) if name else []
    return users[0].username if len(users) == 1 else name
