"""Writers of SQLite take turns, in the order in which they asked."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from releasehub.settings.sqlite_writers import QueuedConnection, WriterQueue, queues

pytestmark = pytest.mark.embedded
PATIENCE = 60.0


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "hub.sqlite3")
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE things (id integer PRIMARY KEY, name text UNIQUE)")
    return path


def test_only_the_user_of_the_hub_can_read_a_new_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", "hub.sqlite3"):
        with closing(connect(name)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE things (id integer PRIMARY KEY)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("hub.sqlite3", "hub.sqlite3-shm", "hub.sqlite3-wal"), 0o600)


def connect(path: str, timeout: float = PATIENCE) -> QueuedConnection:
    return sqlite3.connect(
        path, timeout=timeout, factory=QueuedConnection, isolation_level=None, check_same_thread=False
    )


@pytest.mark.parametrize("is_replaced", [False, True])
def test_file_that_is_gone_is_neither_written_nor_made_anew(database: str, is_replaced: bool) -> None:
    """SQLite would go on with the removed file, and everything written since would be lost at the next start."""
    path = Path(database)
    with closing(connect(database)) as connection:
        aside = path.rename(path.with_suffix(".aside"))
        if is_replaced:
            path.write_bytes(aside.read_bytes())
        for statement in ("BEGIN IMMEDIATE", "INSERT INTO things (name) VALUES ('a')"):
            with pytest.raises(sqlite3.OperationalError, match="moved, removed or replaced"):
                connection.execute(statement)
        if not is_replaced:
            with pytest.raises(sqlite3.OperationalError, match="moved, removed or replaced"):
                connect(database)
            assert not path.exists()
        aside.replace(path)
        connection.execute("INSERT INTO things (name) VALUES ('b')")
        assert connection.execute("SELECT name FROM things").fetchall() == [("b",)]


def is_free(path: str) -> bool:
    """Return whether a writer gets its turn without waiting."""
    with closing(connect(path, timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.rollback()
        return True


def test_waiting_writers_are_served_in_order() -> None:
    queue, served, threads = WriterQueue(), [], []
    assert queue.take(0)
    for number in range(5):
        is_waiting = threading.Event()

        def wait(number: int = number, is_waiting: threading.Event = is_waiting) -> None:
            is_waiting.set()
            assert queue.take(PATIENCE)
            served.append(number)
            queue.release()

        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        is_waiting.wait(PATIENCE)
        while len(queue.waiting) <= number:
            threads[-1].join(0.001)
    queue.release()
    for thread in threads:
        thread.join(PATIENCE)
    assert served == [0, 1, 2, 3, 4]


def test_writer_that_gives_up_leaves_the_queue() -> None:
    queue = WriterQueue()
    assert queue.take(0)
    assert not queue.take(0)
    queue.release()
    assert queue.take(0)


def test_transaction_keeps_its_turn_until_it_ends(database: str) -> None:
    with closing(connect(database)) as writer:
        for end in (writer.commit, writer.rollback, writer.close):
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("DELETE FROM things")
            assert not queues[database].take(0)
            assert not is_free(database)
            end()
            assert is_free(database)


def test_statement_that_ends_the_transaction_ends_the_turn(database: str) -> None:
    with closing(connect(database)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("ROLLBACK")
        assert is_free(database)


def test_single_statement_ends_its_turn_at_once(database: str) -> None:
    with closing(connect(database)) as writer:
        rows = writer.execute("INSERT INTO things (name) VALUES ('a'), ('b') RETURNING id")
        assert rows.fetchall() == [(1,), (2,)]
        assert is_free(database)
        with pytest.raises(sqlite3.IntegrityError):
            writer.execute("INSERT INTO things (name) VALUES ('a')")
        assert is_free(database)


def test_begin_that_fails_ends_its_turn(database: str) -> None:
    # A plain connection stands for another process, which takes no turns.
    with closing(sqlite3.connect(database, isolation_level=None)) as other, closing(connect(database, 0)) as writer:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        assert is_free(database)


def test_readers_do_not_wait(database: str) -> None:
    with closing(connect(database)) as writer, closing(connect(database, timeout=0)) as reader:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO things (name) VALUES ('a')")
        assert reader.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_concurrent_transactions_lose_nothing(database: str) -> None:
    def add(thread: int) -> None:
        with closing(connect(database)) as writer:
            for number in range(50):
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("INSERT INTO things (name) VALUES (?)", [f"{thread} {number}"])
                writer.commit()

    threads = [threading.Thread(target=add, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    with closing(connect(database)) as reader:
        assert reader.execute("SELECT count(*) FROM things").fetchone() == (400,)
