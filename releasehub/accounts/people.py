"""Finding people by what others know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models.functions import Lower

from releasehub.accounts.models import User


def users_by_email(addresses: Iterable[str]) -> dict[str, User]:
    """Address in lower case -> the one active user who has it; one that several have names nobody. One query."""
    wanted = {address.lower() for address in addresses}
    found: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.annotate(folded=Lower("email")).filter(folded__in=wanted, is_active=True):
        found[user.folded].append(user)
    return {address: users[0] for address, users in found.items() if len(users) == 1}
