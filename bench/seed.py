"""Seeding of the database in DATABASE_URL: python -m bench.seed ROWS. Prints the created rows as JSON.

One download has a fifth of the versions, the others have 200 each. Every third version has a file, which is a link.
The rows, including counters, are the same as the services would create, but they are inserted with COPY.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import django
from django.core.management import call_command

from bench.plan import FILENAME, NOTES, URL, WITH_FILE, Plan, Seeded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from downloads.models import Category, Download  # noqa: E402
from downloads.services import create_category  # noqa: E402
from files.models import File  # noqa: E402
from files.names import fold_name  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.apikeys.scopes import Scope  # noqa: E402
from releasehub.apikeys.services import issue_key  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from versions.models import Version  # noqa: E402
from versions.numbering import parse  # noqa: E402


def seed(rows: int) -> Seeded:
    call_command("migrate", verbosity=0, interactive=False)
    plan = Plan(rows)
    with transaction.atomic():
        owner, reader = (User.objects.create_user(name) for name in ("owner", "reader"))
        category = create_category(actor=system_actor(), title="Benchmark")
        Download.objects.bulk_create(new_downloads(plan, category, owner), batch_size=1000)
        copy(Version, new_versions(plan, owner))
        copy(File, new_files(plan))
        for model in (Download, Version, File):
            continue_sequence(model)
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


def new_versions(plan: Plan, owner: User) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    state = Version.State.PUBLISHED
    same = prepared(Version(author=owner, release_notes=NOTES, state=state, released_at=now, updated_at=now))
    for n in range(1, plan.rows + 1):
        moment = now - timedelta(minutes=n)
        yield (
            same | numbered(n) | dates(moment) | {"id": n, "public_id": f"v{n:023}", "download_id": plan.download_of(n)}
        )


def numbered(n: int) -> dict[str, Any]:
    number = parse(f"1.{n}.0")
    return {
        "number": number.text,
        "scheme": number.scheme.value,
        "sort_key": number.sort_key,
        "version_int": number.version_int,
        "file_count": int(n % WITH_FILE == 0),
    }


def dates(moment: datetime) -> dict[str, datetime]:
    return dict.fromkeys(("created_at", "released_at", "published_at", "public_since"), moment)


def new_files(plan: Plan) -> Iterator[dict[str, Any]]:
    passed = File.Validation.PASSED
    link = File(external_url=URL, filename=FILENAME, folded_name=fold_name(FILENAME), updated_at=timezone.now())
    same = prepared(link) | {"is_primary": True, "validation_status": passed.value}
    for n in range(WITH_FILE, plan.rows + 1, WITH_FILE):
        yield same | {"id": n, "public_id": f"f{n:023}", "version_id": n}


def prepared(row: models.Model) -> dict[str, Any]:
    """Return the values of a row by column, in the form that the database expects."""
    fields = row._meta.concrete_fields
    return {str(field.column): field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields}


def copy(model: type[models.Model], rows: Iterator[dict[str, Any]]) -> None:
    columns = [str(field.column) for field in model._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as target:
        for row in rows:
            target.write_row([row[column] for column in columns])


def continue_sequence(model: type[models.Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


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
    print(json.dumps(asdict(seed(int(sys.argv[1])))))
