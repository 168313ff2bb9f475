"""Migrate the database of an earlier release with the current code, then print as JSON what the hub serves from it.

The tests start it as a process of its own, because Django reads the settings of the database only once.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import django
from django.core.checks import WARNING
from django.core.management import call_command
from django.db import connection

from tests.upgrade.schema import schema_of

PAGES = ("/", "/categories/", "/llms.txt")


def main(manifest: dict[str, Any]) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from django.test import Client

    client: Any = Client(headers={"XF-Api-Key": manifest["key"]}, SERVER_NAME="localhost")
    answers = {path: client.get(f"/api/mc-dm-{path}").json() for path in manifest["answers"]}
    digests = {path: hashlib.sha256(b"".join(client.get(path))).hexdigest() for path in manifest["digests"]}
    downloads = answers["downloads/?per_page=100"]["downloads"]
    paths = [*PAGES, *(download["view_url"].removeprefix("http://localhost") for download in downloads)]
    printed = io.StringIO()
    call_command("verify_audit", stdout=printed, stderr=printed)
    call_command("verify_storage", stdout=printed, stderr=printed)
    data = {"download_id": downloads[0]["download_id"], "version_string": "9.0.0"}
    results = {
        "schema": schema_of(connection),
        "doctor": doctor_messages(),
        "answers": answers,
        "digests": digests,
        "pages": {path: Client(SERVER_NAME="localhost").get(path).status_code for path in paths},
        "checks": printed.getvalue(),
        "created": client.post("/api/mc-dm-versions/", data).status_code,
    }
    print(json.dumps(results))


def doctor_messages() -> list[str]:
    """Return the warnings and errors of the doctor about migrations and settings of the database."""
    from releasehub.server.doctor.database import check_database
    from releasehub.server.doctor.hub import check_migrations

    messages = [*check_migrations(), *check_database()]
    return [str(message) for message in messages if message.level >= WARNING]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
