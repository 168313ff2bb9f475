"""Store the data of a release, so that the tests can upgrade it, with the code and the packages of that release.

    git worktree add /tmp/release COMMIT && cd /tmp/release
    python3 -m venv .venv && .venv/bin/pip install --no-deps --require-hashes -r requirements.txt
    .venv/bin/python PATH/tests/upgrade/build.py PATH/tests/data/releases/RELEASE/sqlite
    PATH/.venv/bin/python PATH/tests/services/run.py --only postgres -- \\
      .venv/bin/python PATH/tests/upgrade/build.py PATH/tests/data/releases/RELEASE/postgresql

With `--backup`, it stores a backup that the release made, which the tests restore with the current code:

    .venv/bin/python PATH/tests/upgrade/build.py PATH/tests/data/releases/NAME --backup

Only the demo, the mc-dm API and the permanent links are used, which every release has.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

SECRET_KEY = "upgrade-fixture-0123456789abcdefghijklmnop"
PASSPHRASE = "the passphrase of a stored backup"


def main(target: Path, *, is_backup: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"RELEASEHUB_DATA_DIR": folder, "SECRET_KEY": SECRET_KEY}
        os.environ["DJANGO_SETTINGS_MODULE"] = "releasehub.settings.base"
        sys.path.insert(0, os.getcwd())
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        manifest = fill(load_demo())
        chain_audit_log()
        (target / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        if is_backup:
            back_up(Path(folder) / "backup", target)
        else:
            dump(Path(folder), target)


def load_demo() -> str:
    """Load the demo and return its API key, which skips all policies and scopes."""
    for module in ("releasehub.server.demo.data", "releasehub.demo.data"):
        try:
            login = import_module(module).load_demo()
        except ModuleNotFoundError:
            continue
        return str(login.key)
    raise SystemExit("The demo of this release was not found.")


def fill(key: str) -> dict[str, Any]:
    """Publish, yank and delete through the API, then record what the API answers."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client

    client = Client(headers={"XF-Api-Key": key}, SERVER_NAME="localhost")

    def send(method: str, path: str, **data: Any) -> Any:
        answer = getattr(client, method)(f"/api/mc-dm-{path}", data)
        assert answer.status_code == 200, (path, answer.status_code, answer.content)
        return answer.json()

    category = send("get", "categories/")["categories"][0]["category_id"]
    created = send("post", "downloads/", category_id=category, title="Upgraded tool", description="Before the upgrade.")
    for number in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
        answer = send("post", "versions/", download_id=created["download"]["download_id"], version_string=number)
        version = answer["version"]["version_id"]
        content = SimpleUploadedFile(f"tool-{number}.txt", f"The bytes of {number}\n".encode())
        send("post", "files/", version_id=version, file=content)
        send("post", f"versions/{version}/publish/")
    answers: dict[str, Any] = {}

    def record(path: str, name: str) -> list[Any]:
        answers[path] = send("get", path)
        return list(answers[path][name])

    record("categories/", "categories")
    files: list[Any] = []
    for download in record("downloads/?per_page=100", "downloads"):
        for one in record(f"versions/?per_page=100&download_id={download['download_id']}", "versions"):
            files += record(f"files/?version_id={one['version_id']}", "files")
    return {"key": key, "answers": answers, "digests": digests(client, files)}


def chain_audit_log() -> None:
    from celery import current_app

    current_app.loader.import_default_modules()
    current_app.tasks["audit.chain"]()
    current_app.tasks["audit.export_head"]()


def digests(client: Any, files: list[Any]) -> dict[str, str]:
    """Return the SHA-256 of what the route of each file serves, by path."""
    found: dict[str, str] = {}
    for file in files:
        path = f"/api/mc-dm-files/{file['file_id']}/download/"
        answer = client.get(path)
        answer = client.get(answer["Location"]) if answer.status_code == 302 else answer
        assert answer.status_code == 200, (path, answer.status_code)
        found[path] = hashlib.sha256(b"".join(answer)).hexdigest()
    return found


def back_up(made: Path, target: Path) -> None:
    from django.core.management import call_command

    os.environ["RELEASEHUB_BACKUP_PASSPHRASE"] = PASSPHRASE
    call_command("backup", str(made))
    with tarfile.open(target / "backup.tar.gz", mode="w:gz") as archive:
        archive.add(made, arcname="backup")


def dump(data: Path, target: Path) -> None:
    from django.conf import settings
    from django.db import connection

    connection.close()
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        with closing(sqlite3.connect(data / "releasehub.sqlite3")) as database:
            sql = "\n".join(database.iterdump())
    else:
        command = ["pg_dump", "--inserts", "--no-owner", "--no-privileges", os.environ["DATABASE_URL"]]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        sql = "\n".join(line for line in text.splitlines() if not line.startswith(("\\", "SET transaction_timeout")))
    (target / "database.sql.gz").write_bytes(gzip.compress(sql.encode(), mtime=0))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(data / "files", arcname="files")
    (target / "files.tar.gz").write_bytes(gzip.compress(buffer.getvalue(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), is_backup="--backup" in sys.argv)
