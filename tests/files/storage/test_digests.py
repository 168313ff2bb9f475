"""Tests of the digests that are computed while the bytes of a file are streamed."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from files.storage import digests
from files.storage.digests import HEAD_BYTES, SHARED_CHUNK_BYTES, Digester, Digests

pytestmark = pytest.mark.embedded
LARGE = SHARED_CHUNK_BYTES
CONTENT = bytes(range(256)) * (5 * LARGE // 256)
# A process that has computed digests in its threads forks, as the worker does. Its child must not wait for threads that
# only the parent has; the alarm ends it if it does. With one thread the child cannot start another instead.
FORK = f"""
import os, signal
import django
django.setup()
os.cpu_count = lambda: 1
from files.storage.digests import Digester
digester = Digester()
digester.update(bytes({LARGE}))
child = os.fork()
if not child:
    signal.alarm(60)
    digester = Digester()
    digester.update(bytes({LARGE}))
    os._exit(digester.result().md5 != "{hashlib.md5(bytes(LARGE), usedforsecurity=False).hexdigest()}")
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [1, 2, 3],
        [LARGE - 1, LARGE - 1],
        [LARGE, LARGE, LARGE],
        [1, LARGE, 7, 2 * LARGE, LARGE - 1, 0, LARGE + 1],
    ],
    ids=["empty", "small", "just small", "large", "mixed"],
)
def test_digests_of_chunks_are_those_of_the_whole(sizes: list[int]) -> None:
    digester, position = Digester(), 0
    for size in sizes:
        digester.update(CONTENT[position : position + size])
        position += size
    content = CONTENT[:position]
    names = ("sha256", "sha512", "md5")
    assert digester.result() == Digests(*(hashlib.new(name, content).hexdigest() for name in names))
    assert digester.size_bytes == len(content)
    assert digester.head == content[:HEAD_BYTES]


def test_files_that_are_read_at_the_same_time_do_not_mix() -> None:
    def digest(fill: int) -> Digests:
        digester = Digester()
        for _ in range(20):
            digester.update(bytes([fill]) * LARGE)
        return digester.result()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(digest, range(8)))
    assert [one.md5 for one in found] == [
        hashlib.md5(bytes([fill]) * LARGE * 20, usedforsecurity=False).hexdigest() for fill in range(8)
    ]


@pytest.mark.parametrize("ending", ["chunk", "result"])
def test_error_in_the_other_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    digester = Digester()
    add = digester._add

    def fail(names: tuple[str, ...], chunk: bytes) -> None:
        if names == digests.SLOW_NAMES:
            raise MemoryError
        add(names, chunk)

    monkeypatch.setattr(digester, "_add", fail)
    digester.update(bytes(LARGE))
    with pytest.raises(MemoryError):
        digester.update(bytes(LARGE)) if ending == "chunk" else digester.result()


def test_fork_has_threads_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=False, timeout=120).returncode == 0
