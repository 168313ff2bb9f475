"""Seeding of the database in DATABASE_URL: python -m bench.seed ROWS [--log]. Prints the created rows as JSON.

One download has a fifth of the versions, the others have 200 each. Every third version has a file, which is a link.
The rows, including counters and reserved numbers, are the same as the services would create, but they are inserted with
COPY. With --log, each version also has a row in the audit log and an event with a short snapshot, and the downloads are
in the search index.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import django
from django.core.management import call_command

from bench.plan import FILENAME, NOTES, URL, WITH_FILE, Plan, Seeded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.copying import column_values, continue_sequence, copy_rows, insert_from, without_indexes  # noqa: E402
from bench.seed_log import LOG, fill_log  # noqa: E402
from downloads.models import Category, Download  # noqa: E402
from downloads.services import create_category  # noqa: E402
from files.models import File, PublicFileName  # noqa: E402
from files.names import fold_name  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.apikeys.scopes import Scope  # noqa: E402
from releasehub.apikeys.services import issue_key  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.search.refresh import rebuild_index  # noqa: E402
from versions.models import PublicNumber, Version  # noqa: E402
from versions.numbering import parse  # noqa: E402

FILLED = (Download, Version, PublicNumber, File, PublicFileName)
DATES = ("created_at", "released_at", "published_at", "public_since")
NUMBER = ("number", "scheme", "sort_key", "version_int")


def seed(rows: int, has_log: bool) -> Seeded:
    call_command("migrate", verbosity=0, interactive=False)
    plan = Plan(rows)
    with transaction.atomic():
        owner, reader = (User.objects.create_user(name) for name in ("owner", "reader"))
        category = create_category(actor=system_actor(), title="Benchmark")
        Download.objects.bulk_create(new_downloads(plan, category, owner), batch_size=1000)
        with without_indexes([Version, PublicNumber, File, PublicFileName, *LOG]):
            fill(plan, owner)
            if has_log:
                fill_log(owner)
        for model in (*FILLED, *LOG):
            continue_sequence(model)
    if has_log:
        rebuild_index()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return described(plan, owner, reader)


def new_downloads(plan: Plan, category: Category, owner: User) -> Iterator[Download]:
    now = timezone.now()
    for number in range(1, plan.downloads + 1):
        versions = plan.versions_of(number)
        yield Download(
            id=number,
            category=category,
            owner=owner,
            slug=f"benchmark-{number}",
            title=f"Benchmark {number}",
            last_update_at=now,
            version_count=versions,
            listed_version_count=versions,
        )


def fill(plan: Plan, owner: User) -> None:
    now = timezone.now()
    state = Version.State.PUBLISHED
    same = column_values(Version(author=owner, release_notes=NOTES, state=state, released_at=now, updated_at=now))
    columns = ("id", "public_id", "download_id", "file_count", *NUMBER, *DATES)
    copy_rows(Version, same, columns, new_versions(plan))
    reserved = {name: name for name in ("download_id", "channel", "number", "sort_key", "is_twin")}
    reserved |= {"version_id": "id", "first_public_at": "published_at"}
    insert_from(PublicNumber, reserved, column_values(PublicNumber()), "versions_version ORDER BY id")
    passed = File.Validation.PASSED
    link = File(external_url=URL, filename=FILENAME, folded_name=fold_name(FILENAME), updated_at=now)
    same = column_values(link) | {"is_primary": True, "validation_status": passed.value, "created_at": now}
    with_file = range(WITH_FILE, plan.rows + 1, WITH_FILE)
    copy_rows(File, same, ("id", "public_id", "version_id"), ((n, f"f{n:023}", n) for n in with_file))
    names = {name: name for name in ("folded_name", "filename", "external_url", "version_id")}
    insert_from(PublicFileName, names | {"first_public_at": "now()"}, column_values(PublicFileName()), "files_file")


def new_versions(plan: Plan) -> Iterator[tuple[Any, ...]]:
    now = timezone.now()
    for n in range(1, plan.rows + 1):
        number, moment = parse(f"1.{n}.0"), now - timedelta(minutes=n)
        fields = (number.text, number.scheme.value, number.sort_key, number.version_int)
        yield (n, f"v{n:023}", plan.download_of(n), int(n % WITH_FILE == 0), *fields, *[moment] * len(DATES))


def described(plan: Plan, owner: User, reader: User) -> Seeded:
    middle = File.objects.filter(version__download=1, version__gte=plan.heavy // 2)
    file = middle.order_by("id").select_related("version")[0]
    return Seeded(
        key=new_key(owner),
        reader_key=new_key(reader),
        heavy=1,
        heavy_slug="benchmark-1",
        heavy_versions=plan.heavy,
        version=file.version_id,
        number=file.version.number,
        file=file.pk,
        upload_version=plan.rows,
        others_first=2,
        others_count=plan.downloads - 2,
    )


def new_key(user: User) -> str:
    return issue_key(actor=system_actor(), user=user, name="benchmark", scopes=Scope.values)[1]


if __name__ == "__main__":
    print(json.dumps(asdict(seed(int(sys.argv[1]), "--log" in sys.argv))))
