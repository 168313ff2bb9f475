"""Archives that are as costly as the limits allow are looked into within the promised CPU time."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
from collections.abc import Callable
from functools import cache

import pytest
from django.conf import settings

from downloads.rules import CategoryRules
from files.blobs import keep_upload
from files.inspection.archives import DEFAULT_LIMITS, QUICK_LIMITS, ArchiveLimits, TooManySteps, inspect_archive
from files.models import Blob
from files.uploads.intake import PACKED_WEIGHT, check_now, is_inspected_now
from tests.factories import stage
from tests.parsing.cpu import CpuTimeExceeded, cpu_limit
from tests.speed import slowness

pytestmark = pytest.mark.embedded

# What the hub promises for a file that a worker looks into, and for one that a request waits for.
WORKER_SECONDS = 5
REQUEST_SECONDS = 2
BOUND = settings.INLINE_CHECK_BYTES // PACKED_WEIGHT
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 6),
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


def block(name: str, size: int = 0, kind: bytes = b"0") -> bytes:
    """Return a header. It is made from one without a name, because `tarfile` takes as long for it as the hub does."""
    nameless, checksum = _nameless_block(size, kind)
    raw = name.encode()
    return raw + nameless[len(raw) : 148] + b"%06o\0" % (checksum + sum(raw)) + nameless[155:]


@cache
def _nameless_block(size: int, kind: bytes) -> tuple[bytes, int]:
    info = tarfile.TarInfo()
    info.size, info.type = size, kind
    made = info.tobuf(tarfile.USTAR_FORMAT)
    return made, int(made[148:154], 8)


def member(name: str, content: bytes = b"", kind: bytes = b"0") -> bytes:
    return block(name, len(content), kind) + content + bytes(-len(content) % 512)


def filled(packing: str, rest: bytes) -> bytes:
    """Compress the members after one of random bytes that brings the archive to the size limit.

    Without it, the archive would be rejected as a bomb.
    """
    pack = PACKINGS[packing]
    packed_rest = pack(rest + bytes(1024))
    room = BOUND - len(packed_rest)
    assert room > 0
    filler = random.Random(7).randbytes(room - room // 50 - 1024)
    packed = pack(member("filler", filler)) + packed_rest
    assert BOUND * 0.9 < len(packed) <= BOUND
    return packed


def many_members(packing: str) -> bytes:
    return filled(packing, b"".join(block(f"d/{number}") for number in range(99_000 // SHARES[many_members])))


def many_records(packing: str) -> bytes:
    """The shortest records there are, in extended headers of the largest size."""
    header = member("x", b"5 a=\n" * 200_000, b"x")
    return filled(packing, b"".join(header + block(f"{number}") for number in range(40)))


def records_of_members(packing: str) -> bytes:
    """Return an archive whose members have extended headers, which cost about twice as much as the members."""
    header = member("x", b"18 mtime=12345678\n", b"x")
    return filled(
        packing, b"".join(header + block(f"{number}") for number in range(20_000 // SHARES[records_of_members]))
    )


def tiny_streams(packing: str) -> bytes:
    """Return one member in as many compressed streams as fit, each with its own tables."""
    stream = PACKINGS[packing](bytes(512))
    end = PACKINGS[packing](bytes(1024))
    count = (BOUND - 4096) // len(stream)
    return PACKINGS[packing](block("z", 512 * count)) + stream * count + end


def random_bytes(packing: str) -> bytes:
    """Return the content that expands least, and takes bzip2 the most time per byte."""
    return filled(packing, b"")


def high_ratio(packing: str) -> bytes:
    """Return content that expands to just below 50 times its size."""
    piece = random.Random(3).randbytes(4096) + bytes(4096 * 46)
    packed = PACKINGS[packing](piece * 3)
    count = (BOUND - 4096) // len(packed)
    return PACKINGS[packing](block("z", 3 * len(piece) * count)) + packed * count + PACKINGS[packing](bytes(1024))


# What a header costs does not depend on their number, so these have one in so many, and get this share of the time.
SHARES: dict[Callable[[str], bytes], int] = {many_members: 4, records_of_members: 2}
# What headers cost does not depend on how they are packed.
RECIPES = [(recipe, "gz") for recipe in (many_members, many_records, records_of_members)]
RECIPES += [(recipe, packing) for recipe in (tiny_streams, random_bytes, high_ratio) for packing in PACKINGS]


@pytest.mark.parametrize(("recipe", "packing"), RECIPES, ids=lambda value: getattr(value, "__name__", value))
def test_cost_at_the_bound_of_packed_files(recipe: Callable[[str], bytes], packing: str) -> None:
    handle = io.BytesIO(recipe(packing))
    quick = inspected(handle, packing, QUICK_LIMITS, REQUEST_SECONDS)
    seconds = WORKER_SECONDS / SHARES.get(recipe, 1)
    whole = inspected(handle, packing, DEFAULT_LIMITS, seconds) if quick == ["too many steps"] else quick
    assert recipe is many_records or "archive.too_many_members" not in whole


def inspected(handle: io.BytesIO, packing: str, limits: ArchiveLimits, seconds: float) -> list[str]:
    try:
        return inspected_within(seconds, handle, packing, limits)
    except CpuTimeExceeded:
        return inspected_within(seconds * slowness(), handle, packing, limits)


def inspected_within(seconds: float, handle: io.BytesIO, packing: str, limits: ArchiveLimits) -> list[str]:
    with cpu_limit(seconds):
        try:
            return [found.code for found in inspect_archive(handle, f"a.tar.{packing}", limits)]
        except TooManySteps:
            return ["too many steps"]


def test_an_honest_archive_with_extended_headers_is_read_to_its_end() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for number in range(5_000):
            info = tarfile.TarInfo(f"folder/{number}-" + "\u00fc" * 60)
            info.mtime, info.uname = 1700000000.123, "\u00fcser"
            archive.addfile(info)
    assert inspect_archive(out, "a.tar.gz", QUICK_LIMITS) == []


@pytest.mark.django_db
class TestRequests:
    """Which files a request waits for."""

    @pytest.mark.parametrize(("size", "is_now"), [(BOUND, True), (BOUND + 1, False)])
    def test_files_up_to_the_limit_are_inspected_immediately(self, size: int, is_now: bool) -> None:
        blob = keep_upload(stage(b"\x1f\x8b\x08" + b"x" * 100))
        Blob.objects.filter(pk=blob.pk).update(size_bytes=size)
        blob.refresh_from_db()
        assert is_inspected_now(blob) is is_now

    @pytest.mark.parametrize(("count", "is_now"), [(19_000, True), (21_000, False)])
    def test_slow_inspection_is_left_to_a_worker(self, count: int, is_now: bool) -> None:
        content = gzip.compress(b"".join(block(f"{number}") for number in range(count)) + bytes(1024))
        assert check_now(keep_upload(stage(content)), "a.tar.gz", CategoryRules()) == ([] if is_now else None)
