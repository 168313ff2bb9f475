"""Prepare the data directory of a hub for the tests: `python -m tests.clients.people` prints the keys as JSON.

It creates two users and a category for their downloads. ann writes, and ben only reads what everybody can see.
"""

from __future__ import annotations

import json
import os

import django

READ = "mc_dm_download:read"
WRITE = "mc_dm_download:write"
KEYS = {
    "writer": ("ann", [READ, WRITE]),
    "reader": ("ann", [READ]),
    "sealer": ("ann", ["release:read", "release:write"]),
    "issuer": ("ann", ["access_key:write"]),
    "stranger": ("ben", [READ, WRITE]),
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
    django.setup()
    from downloads.services.categories import create_category
    from releasehub.accounts.models import User
    from releasehub.apikeys.services import issue_key
    from releasehub.core.actor import Actor, Origin

    actor = Actor(origin=Origin.CLI, is_super_key=True)
    users = {name: User.objects.create_user(name, f"{name}@localhost") for name in ("ann", "ben")}
    category = create_category(actor=actor, title="Tools")
    keys = {
        name: issue_key(actor=actor, user=users[user], name=name, scopes=scopes)[1]
        for name, (user, scopes) in KEYS.items()
    }
    print(json.dumps({"keys": keys, "category": category.pk}))


if __name__ == "__main__":
    main()
