from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission

from releasehub.accounts.models import Membership, Organization, User
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key
from releasehub.core.actor import system_actor

_numbers = count(1)


def make_user(username: str = "", *, permissions: tuple[str, ...] = (), **fields: Any) -> User:
    """Create a user. `permissions` has codenames of staff permissions, such as moderate_download."""
    fields |= {"username": username or f"user{next(_numbers)}", "password": make_password("secret-pass-1")}
    # Bypass the signals, because most tests expect an empty audit log at their start.
    user = User.objects.bulk_create([User(**fields)])[0]
    held = Permission.objects.filter(codename__in=permissions) if permissions else ()
    through = User.user_permissions.through
    through.objects.bulk_create(through(user_id=user.pk, permission_id=permission.pk) for permission in held)
    return user


def make_organization(name: str = "", *, members: tuple[User, ...] = ()) -> Organization:
    number = next(_numbers)
    organization = Organization.objects.create(name=name or f"Organization {number}", slug=f"organization-{number}")
    for user in members:
        Membership.objects.create(organization=organization, user=user)
    return organization


def make_key(user: User | None = None, *, scopes: Any = tuple(Scope.values), **fields: Any) -> str:
    """The secret of a new key, with all scopes unless told otherwise."""
    owner = user or make_user(is_superuser=bool(fields.get("is_super_user")))
    return issue_key(actor=system_actor(), user=owner, name="test key", scopes=scopes, **fields)[1]
