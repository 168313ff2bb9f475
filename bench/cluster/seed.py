"""The rows of the cluster: python -m bench.cluster.seed PUBLISHERS FILES RECEIVER_URL

Prints what the clients need as JSON. Each publisher has a download of its own. The files are in versions of one more
download.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from downloads.models import Download  # noqa: E402
from downloads.services import create_category, create_download  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.apikeys.scopes import Scope  # noqa: E402
from releasehub.apikeys.services import issue_key  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.webhooks.endpoints import create_endpoint  # noqa: E402
from tests.factories.releases import make_file, make_version  # noqa: E402

FILE_BYTES = 64 * 1024


def seed(publishers: int, files: int, receiver: str) -> dict[str, Any]:
    system = system_actor()
    owner = User.objects.create_user("owner")
    category = create_category(actor=system, title="Cluster")
    key = issue_key(actor=system, user=owner, name="cluster", scopes=list(Scope.values))[1]
    library = create_download(actor=system, category=category, title="Library", owner=owner)
    stored = [store(library, number) for number in range(files)]
    create_endpoint(actor=system, url=receiver)
    made = [create_download(actor=system, category=category, title=f"Tool {n}", owner=owner) for n in range(publishers)]
    return {
        "key": key,
        "publishers": [{"id": download.pk, "slug": download.slug, "path": download.path} for download in made],
        "library": {"id": library.pk, "slug": library.slug, "path": library.path},
        "files": stored,
    }


def store(download: Download, number: int) -> dict[str, str]:
    """Store a file in a version of its own, and return its path and digest."""
    content = (b"%08d" % number) * (FILE_BYTES // 8)
    file = make_file(make_version(download, f"1.{number}.0"), name="tool.bin", content=content)
    return {
        "path": f"/d/{download.slug}/1.{number}.0/{file.filename}",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


if __name__ == "__main__":
    print(json.dumps(seed(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
