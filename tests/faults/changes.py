"""Random changes through the services, each with a row of a shadow table in the same transaction.

    python -m tests.faults.changes prepare --downloads 40 --endpoint URL... [--each URL]
    python -m tests.faults.changes write --writer 1 --seed 7 --count 5000 --undone FILE [--threads 4] [--pause 0.01]
    python -m tests.faults.changes race --rounds 200 --seed 7 --undone FILE
    python -m tests.faults.changes chain

`write` goes on until as many transactions have committed; one in ten is rolled back on purpose and its title, which
then ends in `-undone`, appended to the file --undone. Database trouble is waited out: the shadow tells what committed.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection, transaction  # noqa: E402
from django.db.utils import InterfaceError  # noqa: E402

from downloads.models import Download  # noqa: E402
from downloads.services import create_category, create_download, lock_download, update_download  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.audit.chain import chain_rows  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.core.errors import Conflict  # noqa: E402
from releasehub.publishing.lifecycle import move  # noqa: E402
from releasehub.publishing.releases import create_version  # noqa: E402
from releasehub.publishing.transitions import Move  # noqa: E402
from releasehub.webhooks.endpoints import create_endpoint  # noqa: E402
from releasehub.webhooks.models import Event  # noqa: E402
from tests import migrated_database  # noqa: E402
from versions.models import Version  # noqa: E402
from versions.services import update_version  # noqa: E402

SHADOW = """
CREATE TABLE faults_shadow (
    id {serial}, title varchar(200) NOT NULL, event varchar(40) NOT NULL, object varchar(60) NOT NULL,
    action varchar(40) NOT NULL, target_id bigint NOT NULL, at double precision NOT NULL
)"""
INSERT = "INSERT INTO faults_shadow (title, event, object, action, target_id, at) VALUES (%s, %s, %s, %s, %s, %s)"
UNDONE_SHARE = 0.1
CREATE_SHARE, DOWNLOAD_SHARE = 0.3, 0.5

Change = Callable[[], object]
Step = tuple[Change, tuple[str, ...], str, int | None]
"""What to do; the events it makes; its audit action; the target, None when it is new."""


class Undone(Exception):
    """Rolled back on purpose."""


def prepare(downloads: int, endpoints: list[str], each: str) -> None:
    """Create downloads with endpoints, and print a super-user key of their owner.

    `each` is the receiver URL of an endpoint per download, to which /<n> is added.
    """
    if connection.vendor == "sqlite":
        migrated_database.copy_to_data_directory()
    serial = "bigserial PRIMARY KEY" if connection.vendor == "postgresql" else "integer PRIMARY KEY AUTOINCREMENT"
    with connection.cursor() as cursor:
        cursor.execute(SHADOW.format(serial=serial))
    owner = User.objects.create_user("owner", is_superuser=True)
    category = create_category(actor=system_actor(), title="Faults")
    for number in range(downloads):
        made = create_download(actor=system_actor(), category=category, title=f"Download {number}", owner=owner)
        if each:
            name = f"hang{number}" if number == 0 else str(number)
            create_endpoint(actor=system_actor(), url=f"{each}/{name}", download_id=made.pk)
    for url in endpoints:
        create_endpoint(actor=system_actor(), url=url)
    call_command("create_api_key", "owner", "--name", "faults", "--super-user")


def change(chance: Random, title: str, number: str, download_ids: list[int]) -> None:
    """Make one change and commit it, or raise `Undone`. While the download is locked, its versions are up to date."""
    is_undone = chance.random() < UNDONE_SHARE
    title += "-undone" * is_undone
    with transaction.atomic():
        download = lock_download(chance.choice(download_ids))
        for run, events, action, target_id in steps(chance, download, title, number):
            made: Any = run()
            note(title, events, action, target_id or made.pk)
        if is_undone:
            ensure_events(title, download.pk)
            raise Undone(title)


def steps(chance: Random, download: Download, title: str, number: str) -> list[Step]:
    if chance.random() < DOWNLOAD_SHARE:
        retitle = partial(update_download, actor=system_actor(), download=download, title=title)
        return [(retitle, ("download.updated",), "download.update", download.pk)]
    known = list(Version.objects.filter(download=download).order_by("-id")[:20])
    if not known or chance.random() < CREATE_SHARE:
        fields = {"download_id": download.pk, "number": number, "title": title}
        create = partial(create_version, actor=system_actor(), **fields)
        return [(create, ("version.created", "version.published"), "version.create", None)]
    version = chance.choice(known)
    retitle = partial(update_version, actor=system_actor(), version=version, title=title)
    found: list[Step] = [(retitle, ("version.updated",), "version.update", version.pk)]
    if chance.random() < 0.5:
        found.append(turn(version))
    return found


def turn(version: Version) -> Step:
    """A change of state that is possible, after a new title."""
    if version.is_yanked:
        step, name = Move.UNYANK, "unyank"
    else:
        step, name = Move.YANK, "yank"
    run = partial(move, step, actor=system_actor(), version=version)
    return run, (f"version.{name}ed",), f"version.{name}", version.pk


def note(title: str, events: tuple[str, ...], action: str, target_id: int) -> None:
    kind = action.partition(".")[0]
    with connection.cursor() as cursor:
        for position, event in enumerate(events):
            values = (title, event, f"{kind}:{target_id}", action if position == 0 else "", target_id, time.time())
            cursor.execute(INSERT, values)


def ensure_events(title: str, download_id: int) -> None:
    """Check that there is something to roll back: the event and its deliveries exist at this moment."""
    newest = Event.objects.filter(download_id=download_id).order_by("-id").first()
    assert newest is not None
    assert newest.data["title"] == title
    assert newest.deliveries.exists()


def write(writer: int, seed: int, total: int, threads: int, pause: float, undone: Path) -> None:
    download_ids = list(Download.objects.order_by("id").values_list("id", flat=True))
    committed, failures = count(1), []
    with undone.open("a", buffering=1) as out:

        def work(thread: int) -> None:
            chance = Random(f"{seed}-{writer}-{thread}")
            try:
                for n in count(1):
                    title, number = f"w{writer}-{thread}-{n}", f"{writer}.{thread}.{n}"
                    if not attempt(partial(change, chance, title, number, download_ids), out.write):
                        continue
                    if next(committed) >= total - threads + 1:
                        return
                    time.sleep(chance.random() * 2 * pause)
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for one in running:
            one.start()
        for one in running:
            one.join()
    if failures:
        raise failures[0]


def attempt(run: Change, note_undone: Callable[[str], object]) -> bool:
    """Return whether the change was committed, as far as the writer knows."""
    try:
        run()
    except Undone as error:
        note_undone(f"{error}\n")
        return False
    except (DatabaseError, InterfaceError):
        connection.close()
        time.sleep(0.2)
        return False
    return True


def race(rounds: int, seed: int, undone: Path) -> int:
    """Return the number of rounds in which the second change began before the first ended.

    One of them is rolled back.
    """
    chance, overlaps = Random(seed), 0
    download_ids = list(Download.objects.order_by("id").values_list("id", flat=True))
    with undone.open("a", buffering=1) as out:
        for number in range(rounds):
            download_id, loser = chance.choice(download_ids), chance.randrange(2)
            version = f"1.{number}.0" if chance.random() < 0.5 else ""
            titles = [f"race{number}-{which}" + "-undone" * (which == loser) for which in range(2)]
            waits = [chance.random() * 0.02 for _ in range(2)]
            runs = [partial(racer, download_id, *values, version) for values in zip(titles, waits, strict=True)]
            overlaps += overlapped(*runs)
            out.write(titles[loser] + "\n")
    return overlaps


def overlapped(*runs: Change) -> bool:
    """Run two side by side; whether each began before the other ended."""
    barrier, times = threading.Barrier(2), []

    def start(run: Change) -> None:
        barrier.wait()
        began = time.monotonic()
        try:
            run()
        finally:
            connection.close()
            times.append((began, time.monotonic()))

    threads = [threading.Thread(target=start, args=(run,)) for run in runs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    first, second = times
    return first[0] < second[1] and second[0] < first[1]


def racer(download_id: int, title: str, seconds: float, number: str) -> None:
    """Start two conflicting changes: both use the same version number, or change the same download."""
    is_loser = title.endswith("-undone")
    with suppress(Undone), transaction.atomic():
        fields: dict[str, Any] = {"actor": system_actor(), "title": title}
        try:
            if number:
                made = create_version(download_id=download_id, number=number, **fields)
                note(title, ("version.created", "version.published"), "version.create", made.pk)
            else:
                update_download(download=Download.objects.get(pk=download_id), **fields)
                note(title, ("download.updated",), "download.update", download_id)
        except Conflict:  # the other thread has already used the number
            if is_loser:
                raise Undone(title) from None
            raise
        time.sleep(seconds)
        if is_loser:
            ensure_events(title, download_id)
            raise Undone(title)


def chain() -> None:
    """Append all rows of the audit log to its chain."""
    while chain_rows():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("prepare")
    first.add_argument("--downloads", type=int, default=40)
    first.add_argument("--endpoint", action="append", default=[], metavar="URL")
    first.add_argument(
        "--each", default="", metavar="URL", help="the base URL of one endpoint per download; the first one hangs"
    )
    second = commands.add_parser("write")
    second.add_argument("--writer", type=int, required=True)
    second.add_argument("--seed", type=int, required=True)
    second.add_argument("--count", type=int, required=True)
    second.add_argument("--threads", type=int, default=4)
    second.add_argument(
        "--pause", type=float, default=0.0, help="the mean time in seconds between two changes of a thread"
    )
    second.add_argument("--undone", type=Path, required=True)
    third = commands.add_parser("race")
    third.add_argument("--rounds", type=int, required=True)
    third.add_argument("--seed", type=int, required=True)
    third.add_argument("--undone", type=Path, required=True)
    commands.add_parser("chain")
    options = parser.parse_args()
    if options.command == "race":
        print(race(options.rounds, options.seed, options.undone))
    elif options.command == "chain":
        chain()
    elif options.command == "prepare":
        prepare(options.downloads, options.endpoint, options.each)
    else:
        write(options.writer, options.seed, options.count, options.threads, options.pause, options.undone)


if __name__ == "__main__":
    main()
