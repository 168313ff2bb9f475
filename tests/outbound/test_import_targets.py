"""Targets of the corpus as places of imports: the API, the next page of a list, and the URL of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from releasehub.core.errors import Invalid
from releasehub.importing.sources import http
from releasehub.importing.sources.base import SourceAsset, SourceRefused, SourceSettings, SourceUnavailable
from releasehub.importing.sources.registry import KINDS, kind_named
from releasehub.outbound.responses import Response
from tests.outbound.corpus import REFUSED_WHEN_SENT, host_of

pytestmark = [pytest.mark.embedded, pytest.mark.usefixtures("attempted")]
Lookups = Callable[[dict[str, list[list[str]]]], list[str]]
ADDRESSES = {"gitlab": "acme/tool", "github": "acme/tool", "gitea": "acme/tool", "releasehub": "tool"}
REMOTE = [name for name, kind in KINDS.items() if not kind.is_local]
ERRORS = (Invalid, SourceRefused, SourceUnavailable)


def source_of(kind: str, api_url: str = "https://8.8.8.8/api") -> Any:
    return kind_named(kind).build(SourceSettings(ADDRESSES.get(kind, "42"), api_url, "secret"))


def read_next_page(source: Any) -> None:
    list(source.releases())
    raise SourceRefused("The header has no URL that a page could have.")


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("case", REFUSED_WHEN_SENT, ids=lambda case: case["id"])
def test_no_source_connects_to_a_forbidden_target(
    kind: str, case: dict[str, Any], lookups: Lookups, attempted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = case["url"]
    lookups({host_of(url): case.get("resolves_to") or [[]]})
    with pytest.raises(ERRORS):
        list(source_of(kind, url).releases())
    for sends_token in (False, True):
        asset = SourceAsset("1", "a.bin", url, sends_token=sends_token)
        with pytest.raises(ERRORS), source_of(kind).open(asset):
            pass
    if kind in {"github", "gitea", "gitlab"}:
        page = Response(url, 200, {"Link": f'<{url}>; rel="next"'}, b"[]", False, 0)
        monkeypatch.setattr(http, "send", _first(page, http.send))
        with pytest.raises(ERRORS):
            read_next_page(source_of(kind))
    assert {"8.8.4.4", "8.8.8.8", "1.1.1.1", "9.9.9.9"}.issuperset(attempted)  # a rebinding name is public at first


@pytest.mark.parametrize("kind", REMOTE)
def test_public_target_is_connected_to(kind: str, attempted: list[str]) -> None:
    with pytest.raises(SourceUnavailable):
        list(source_of(kind).releases())
    assert attempted == ["8.8.8.8"]


def _first(answer: Response, send: Callable[..., Response]) -> Callable[..., Response]:
    answers = [answer]
    return lambda *args, **options: answers.pop() if answers else send(*args, **options)
