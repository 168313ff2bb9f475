"""Run calls at the same time, each in a thread with a database connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from django.db import connection


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all calls at the same time, and return their results or exceptions in the order in which they ended."""
    barrier, answers = Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            answers.append(call())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def ends_of(calls: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[Exception]]:
    """Run all calls at the same time, and return the results and the exceptions."""
    answers = at_once(calls)
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    return [answer for answer in answers if not isinstance(answer, Exception)], errors


def wait_until_blocked() -> None:
    """Wait until another connection to this database waits for a lock."""
    sql = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with connection.cursor() as cursor:
        for _ in range(600):
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("No connection waits for a lock.")
