"""A yanked version still serves its files, and every route that does so tells why it was yanked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from releasehub.distribution.delivery import header_text
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub_cli.offers import read_offer
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_storage")]
ROUTES = (
    "/d/{slug}/{number}/{filename}",
    "/d/{slug}/{number}/SHA256SUMS",
    "/api/mc-dm-files/{file}/download/",
)


@pytest.mark.parametrize("route", ROUTES)
def test_a_response_with_bytes_of_a_yanked_version_has_the_reason(route: str) -> None:
    file = make_file(make_version(number="1.4.2"), name="tool.bin")
    slug = file.version.download.slug
    link = route.format(slug=slug, number=file.version.number, filename=file.filename, file=file.pk)
    client = ApiClient(make_key(file.version.download.owner))
    before: Any = client.get(link)
    assert not before.streaming or b"".join(before)
    assert (before.status_code, "X-ReleaseHub-Yanked" in before) == (200, False)
    move(Move.YANK, actor=system(), version=file.version, reason="It breaks.")
    after: Any = client.get(link)
    assert not after.streaming or b"".join(after)
    assert after["X-ReleaseHub-Yanked"] == "It breaks."


@pytest.mark.parametrize(
    "reason",
    ["Für ältere Geräte: 50 % langsamer", "壊れている", "two\nlines", "\x1b[31mred", "é" * 200, "plain, and % alone"],
)
def test_every_reason_survives_the_header(reason: str) -> None:
    """The command line decodes the original text; the header itself is a single line of ASCII."""
    header = header_text(reason)
    assert header.isascii()
    assert header.isprintable()
    headers = {"X-ReleaseHub-Yanked": header, "X-ReleaseHub-Version": header}
    hub: Any = SimpleNamespace(head=lambda link: headers, storage=lambda: None, stop=None)
    offer = read_offer(hub, "https://hub.example.org/d/tool/1.0.0/tool.bin")
    assert offer.yanked == offer.version == " ".join(reason.split())
