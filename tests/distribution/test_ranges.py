"""Byte ranges: which parts of a file a header asks for."""

from __future__ import annotations

import pytest

from releasehub.distribution.ranges import MAX_RANGES, Unsatisfiable, begins_later, requested_spans

pytestmark = pytest.mark.embedded
SIZE = 1000


def spans(header: str) -> list[tuple[int, int]]:
    return [(span.start, span.last) for span in requested_spans(header, SIZE)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 9)]),
        ("bytes=990-", [(990, 999)]),
        ("bytes=-5", [(995, 999)]),
        ("bytes=-5000", [(0, 999)]),
        ("bytes=5-99999", [(5, 999)]),
        ("Bytes = 1-2", [(1, 2)]),
        ("bytes=0-1, 5-6", [(0, 1), (5, 6)]),
        ("bytes=0-1,,5-6, ", [(0, 1), (5, 6)]),
        ("bytes=500-509,0-9,-1", [(500, 509), (0, 9), (999, 999)]),
        ("bytes=0-9,2000-,20-29", [(0, 9), (20, 29)]),
        ("bytes=0-9,-0", [(0, 9)]),
        ("bytes=0-9,10-19", [(0, 19)]),
        ("bytes=0-9,11-19", [(0, 9), (11, 19)]),
        ("bytes=50-,0-9,40-60,5-7", [(40, 999), (0, 9)]),
        ("bytes=0-,0-,0-", [(0, 999)]),
    ],
)
def test_ranges_are_merged_and_keep_their_order(header: str, expected: list[tuple[int, int]]) -> None:
    assert spans(header) == expected


@pytest.mark.parametrize(
    "header",
    ["", "lines=1-2", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,9-5", "bytes=0-1,x", "bytes=0-1;5-6", "bytes=1-2-3"],
)
def test_malformed_header_asks_for_the_whole_file(header: str) -> None:
    assert spans(header) == []


def test_number_of_ranges_is_bounded() -> None:
    header = "bytes=" + ",".join(f"{start}-{start}" for start in range(0, 2 * MAX_RANGES, 2))
    assert len(requested_spans(header, 2 * MAX_RANGES)) == MAX_RANGES
    assert requested_spans(f"{header},1-1", 2 * MAX_RANGES) == []


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=-0", "bytes=1000-1001,2000-"])
def test_ranges_past_the_end_are_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        spans(header)


def test_only_one_later_range_continues_a_download() -> None:
    headers = {"bytes=5-": True, "bytes=005-9,": True, "bytes=0-": False, "bytes=5-9,20-29": False, "bytes=-5": False}
    assert {header: begins_later(header) for header in headers} == headers
