"""The user name that belongs to what was entered to sign in."""

from releasehub.accounts.models import User


def username_of(name: str) -> str:
    """Return the user name for what was entered as the name.

    An e-mail address becomes the name of its user, unless several users share it or it is somebody's user name.
    """
    if User.objects.filter(username=name).exists():
        return name
    users = list(User.objects.filter(email__iexact=name)[:2]) if name else []
    return users[0].username if len(users) == 1 else name
