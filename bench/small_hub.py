"""Seeding of a small hub on any database: python -m bench.small_hub DOWNLOADS. Prints its key and downloads as JSON.

Unlike `bench.seed`, which needs PostgreSQL, it creates everything through the services.
"""

import json
import os
import sys

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from downloads.services import create_category, create_download  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.apikeys.scopes import Scope  # noqa: E402
from releasehub.apikeys.services import issue_key  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402


def fill(downloads: int) -> dict[str, object]:
    call_command("migrate", verbosity=0, interactive=False)
    owner = User.objects.create_user("owner")
    category = create_category(actor=system_actor(), title="Benchmark")
    made = [
        create_download(actor=system_actor(), category=category, title=f"Benchmark {number}", owner=owner)
        for number in range(downloads)
    ]
    _, key = issue_key(actor=system_actor(), user=owner, name="benchmark", scopes=Scope.values)
    return {"key": key, "first": made[0].pk, "downloads": downloads}


if __name__ == "__main__":
    print(json.dumps(fill(int(sys.argv[1]))))
