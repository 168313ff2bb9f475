"""Commands inside the hub of a run: fill it, keep changing it, and print what is in it.

python tests/faults/operations_world.py prepare           make the tables
python tests/faults/operations_world.py fill VERSIONS BYTES SEED
python tests/faults/operations_world.py change            until it is ended
python tests/faults/operations_world.py visited           make a download, and print its ID and a key for it
python tests/faults/operations_world.py numbers           the numbers of all versions
python tests/faults/operations_world.py figures           number of rows and digest of each table, as JSON
"""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path
from random import Random
from time import sleep

import django

PER_DOWNLOAD = 50
# Tables that an operation itself changes at its end: the proof of a restore records when it checked each file.
CHANGED = {
    "files_blob",
    "operations_backuprun",
    "operations_readonlymode",
    "search_searchcursor",
    "files_uploadsession",
}


def prepare() -> None:
    """Migrate the database, or copy one that an earlier run of the test suite has migrated."""
    from django.conf import settings
    from django.core.management import call_command

    from tests import migrated_database

    migrated_database.copy_to(settings.DATA_DIR / "releasehub.sqlite3")
    call_command("migrate", verbosity=0)


def fill(versions: int, size: int, seed: int) -> None:
    """Create the versions, each with a file of random bytes, and everything else that a hub can have."""
    from releasehub.audit.chain import chain_rows
    from releasehub.audit.heads import export_head
    from tests.factories import make_download, make_file, make_key, make_user, make_version
    from tests.factories.everything import make_everything

    chance, owner = Random(seed), make_user("owner")
    make_everything(owner)
    make_key(owner)
    for number in range(versions):
        if number % PER_DOWNLOAD == 0:
            download = make_download(owner)
        version = make_version(download, f"1.{number}.0", state="draft")
        make_file(version, content=chance.randbytes(chance.randrange(1, 2 * size)))
    while chain_rows():
        pass
    export_head()


def change() -> None:
    """Add versions with files, and delete every other one."""
    from django.db import OperationalError

    from releasehub.publishing.deletion import delete_version
    from tests.factories import make_download, make_file, make_version, system

    download = make_download(title="Changing")
    for number in count():
        try:
            version = make_version(download, f"9.{number}.0", state="draft")
            make_file(version, content=b"changing %d" % number)
            if number % 2:
                delete_version(actor=system(), version=version, hard=True, reason="a fault run")
        except OperationalError:
            sleep(0.1)
        sleep(0.02)


def visited() -> None:
    from tests.factories import make_download, make_key, make_user

    owner = make_user("visited")
    print(make_download(owner, title="Visited").pk, make_key(owner))


def numbers() -> None:
    from versions.models import Version

    print("\n".join(Version.objects.values_list("number", flat=True)))


def figures() -> None:
    from django.db import connection

    from releasehub.operations.tables.export import table_figures
    from releasehub.operations.tables.schema import exported_tables
    from releasehub.operations.tables.snapshots import open_snapshot

    tables = [table for table in exported_tables() if table.name not in CHANGED]
    with open_snapshot(connection) as snapshot:
        found = table_figures(snapshot, tables)
    print(json.dumps({name: [table.rows, table.digest] for name, table in found.items()}))


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)
    django.setup()
    command, *values = sys.argv[1:]
    {"prepare": prepare, "fill": fill, "change": change, "visited": visited, "numbers": numbers, "figures": figures}[
        command
    ](*map(int, values))
