"""The corpus of webhook targets. `test_targets` uses all of it, and other tests use one target of each kind."""

from __future__ import annotations

from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.urls import parse_target
from tests.corpus import cases_of, one_of_each, shape_of

CASES = [case | {"shape": shape_of(case["url"])} for case in cases_of("ssrf_targets")]
BLOCKED = [case for case in CASES if case["expect"] == "block" and "redirect_to" not in case]
REFUSED_WHEN_SAVED = one_of_each((case for case in CASES if case["stage"] == "create"), "class", "shape")
KINDS = one_of_each(CASES, "class", "expect", "stage", "shape")
REFUSED_WHEN_SENT = one_of_each(BLOCKED, "class", "stage", "shape")


def host_of(url: str) -> str:
    try:
        return parse_target(url).host
    except InvalidUrl:
        return ""
