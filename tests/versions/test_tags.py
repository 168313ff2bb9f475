"""Tags of versions: kept as sent, numbers derived from them, lookups by either, and reserved once public."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from downloads.services import update_download
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Gone, Invalid, NotFound
from releasehub.distribution.file_permalinks import find_exact
from releasehub.distribution.permalinks import find_tagged_version, find_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.releases import create_version, edit_version
from tests.factories import make_download, make_file, make_key, make_user, make_version
from versions.models import PublicNumber, PublicTag, Version
from versions.numbering import parse
from versions.tags import InvalidTag, clean_tag, number_of_tag, tag_of_number, whole_tag_number

NOBODY = Actor()
only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite reads all versions of the download."
)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("tag", "number", "whole"),
    [
        ("v1.2", "1.2", "v1.2"),
        ("V1.2", "1.2", "V1.2"),
        ("1.2.0", "1.2.0", "1.2.0"),
        ("cli/v1.2+b1", "1.2+b1", "cli-v1.2+b1"),
        ("tool@1.2", "1.2", "tool-1.2"),
        ("@scope/tool@2.0.0-rc.1", "2.0.0-rc.1", "scope-tool-2.0.0-rc.1"),
        ("release-7", "release-7", "release-7"),
        ("vNext", "vNext", "vNext"),
    ],
)
def test_number_in_a_tag(tag: str, number: str, whole: str) -> None:
    assert number_of_tag(tag) == number
    assert whole_tag_number(tag) == whole


@pytest.mark.embedded
def test_tag_that_follows_from_a_number() -> None:
    assert tag_of_number("1.2") == "v1.2"
    assert tag_of_number("release-7") == "release-7"


@pytest.mark.embedded
@pytest.mark.parametrize("tag", ["", " v1", "v1 ", "v1\n", "a//b", "/v1", "v1/", "../v1", "a/./v1", "v" * 256])
def test_invalid_tags(tag: str) -> None:
    with pytest.raises(InvalidTag):
        clean_tag(tag)


@pytest.fixture
def download(db: None) -> Download:
    return make_download()


def make_tagged(download: Download, tag: str, **fields: Any) -> Version:
    return create_version(actor=Actor(user=download.owner), download_id=download.pk, tag=tag, **fields)


def test_number_follows_from_the_tag(download: Download) -> None:
    version = make_tagged(download, "cli/v1.2+b1")
    version.refresh_from_db()
    assert (version.tag, version.number, version.tag_name) == ("cli/v1.2+b1", "1.2+b1", "cli/v1.2+b1")
    assert make_tagged(download, "tool@2.0.0-rc.1").channel == "rc"


def test_number_of_the_caller_wins(download: Download) -> None:
    version = make_tagged(download, "nightly", number="2026.11.29")
    assert (version.tag, version.number) == ("nightly", "2026.11.29")


def test_tags_of_two_tools_with_one_number(download: Download) -> None:
    assert make_tagged(download, "cli/v1.2").number == "1.2"
    assert make_tagged(download, "lib/v1.2").number == "lib-v1.2"


def test_one_tag_belongs_to_one_version(download: Download) -> None:
    make_tagged(download, "cli/v1.2")
    with pytest.raises(Conflict, match=r"tag cli/v1\.2 belongs to another version"):
        make_tagged(download, "cli/v1.2", number="7")


def test_tag_that_leads_to_a_version_by_number(download: Download) -> None:
    make_version(download, "1.2")
    with pytest.raises(Conflict, match=r"The tag v1\.2 belongs"):
        make_tagged(download, "v1.2", number="7", channel="beta")


@pytest.mark.parametrize("is_erased", [True, False])
@pytest.mark.parametrize("place", [{"channel": "beta"}, {"number": "9"}])
def test_tag_that_led_to_a_public_number(download: Download, is_erased: bool, place: dict[str, str]) -> None:
    """A link with the tag must not lead to other bytes, neither after an erasure nor after a renumbering."""
    version, root = make_version(download, "1.2"), Actor(user=make_user(is_superuser=True))
    assert find_tagged_version(NOBODY, download, "v1.2") == version
    if is_erased:
        delete_version(actor=root, version=version, hard=True)
    else:
        version = edit_version(actor=root, version=version, number="1.3")
    with pytest.raises(Conflict, match=r"The tag v1\.2 belongs"):
        make_tagged(download, "v1.2", **place)
    if not is_erased:
        assert edit_version(actor=root, version=version, tag="v1.2", number="1.3").tag == "v1.2"


def test_invalid_tag_is_refused(download: Download) -> None:
    with pytest.raises(Invalid) as caught:
        make_tagged(download, "a//b")
    assert caught.value.field == "tag"
    with pytest.raises(Invalid, match="reserved"):
        make_tagged(download, "latest")


def test_lookups_by_tag_and_number(download: Download) -> None:
    tagged, plain = make_tagged(download, "cli/v1.2"), make_version(download, "3.0")
    for text in ("cli/v1.2", "1.2", "v1.2"):
        assert find_version(NOBODY, download, text) == tagged
        assert find_tagged_version(NOBODY, download, text) == tagged
    assert find_tagged_version(NOBODY, download, "v3.0") == plain
    assert find_tagged_version(NOBODY, download, "3.0") == plain
    with pytest.raises(NotFound):
        find_tagged_version(NOBODY, download, "lib/v3.0")


@pytest.mark.parametrize("place", [{"number": "2.9"}, {"channel": "beta"}])
def test_public_tag_wins_over_a_number_that_is_published_later(download: Download, place: dict[str, str]) -> None:
    tagged = make_tagged(download, "v3.0", **place)
    file = make_file(tagged, name="tool.zip", content=b"tagged")
    make_file(make_version(download, "3.0.0+1"), name="tool.zip", content=b"another")
    for find in (find_tagged_version, find_version):
        assert find(NOBODY, download, "v3.0") == tagged
    assert find_exact(NOBODY, download.slug, "v3.0", "tool.zip") == file
    assert find_version(NOBODY, download, "v3.0", channel="stable").number == "3.0.0+1"


@pytest.mark.parametrize("end", ["hidden", "erased"])
def test_link_with_a_public_tag_ends_with_its_version(download: Download, end: str) -> None:
    tagged, root = make_tagged(download, "v3.0", number="2.9"), Actor(user=make_user(is_superuser=True))
    if end == "hidden":
        edit_version(actor=root, version=tagged, visibility="private")
    else:
        delete_version(actor=root, version=tagged, hard=True)
    make_version(download, "3.0")
    for find in (find_tagged_version, find_version):
        with pytest.raises(NotFound):
            find(NOBODY, download, "v3.0")


def test_public_tag_is_no_number_of_another_version_in_the_default_channel(download: Download) -> None:
    """Links that the hub shows for the number would lead to the version with the tag."""
    tagged = make_tagged(download, "3.0", number="2.9")
    for number in ("3.0", "4.0"):
        version = make_version(download, number, channel="beta")
    with pytest.raises(Conflict, match=r"3\.0 cannot be used in the channel stable: .* tag"):
        make_version(download, "3.0")
    with pytest.raises(Conflict, match=r"tag"):
        edit_version(actor=Actor(user=download.owner), version=version, number="3.0", channel="stable")
    assert edit_version(actor=Actor(user=download.owner), version=tagged, number="3.0").number == "3.0"


def test_versions_for_other_platforms_share_a_number_that_is_a_tag(download: Download) -> None:
    make_tagged(download, "3.0", number="3.0", platforms=["linux"])
    assert make_version(download, "3.0", platforms=["windows"]).is_twin


def test_tags_that_begin_with_a_text(download: Download) -> None:
    for number in ("1.2", "1.20", "12", "2.0", "vNext", "release-7", "Release-8"):
        make_version(download, number)
    for tag in ("cli/v1.2", "Cli/v1.2", "v1.2-b\u00fcro", "100%", "1_0"):
        make_tagged(download, tag, number=f"9.{Version.objects.count()}")
    names = [version.tag_name for version in Version.objects.all()]
    for prefix in (
        "",
        "v",
        "V",
        "v1",
        "v1.2",
        "1",
        "12",
        "v12",
        "cli",
        "cli/",
        "r",
        "vN",
        "9",
        "v9",
        "100%",
        "1_",
        "v1.2-b",
    ):
        found = [version.tag_name for version in Version.objects.with_tag_prefix(prefix)]
        assert sorted(found) == sorted(name for name in names if name.startswith(prefix))


@pytest.fixture
def many_numbers(download: Download) -> Download:
    """500 versions that were public, in two channels, with statistics for the planner of PostgreSQL."""
    numbers = [parse(f"1.{number}") for number in range(500)]
    same = {"download": download, "author": download.owner, "released_at": download.created_at}
    versions = Version.objects.bulk_create(
        Version(number=row.text, sort_key=row.sort_key, version_int=row.version_int, channel=channel, **same)
        for row, channel in zip(numbers, cycle(("stable", "beta")), strict=False)
    )
    PublicNumber.objects.bulk_create(
        PublicNumber(download=download, channel=row.channel, sort_key=row.sort_key, number=row.number, version=row)
        for row in versions
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE versions_version, versions_publicnumber")
    return download


@only_postgresql
def test_tags_that_begin_with_a_text_are_found_by_an_index(many_numbers: Download) -> None:
    rows = Version.all_objects.filter(download=many_numbers).with_tag_prefix("v1.2").order_by()
    assert rows.count() == 111
    plan = rows.explain()
    assert "version_tag_name" in plan
    assert "'v1.2'" in plan.partition("Index Cond: ")[2].partition("Filter: ")[0]


@only_postgresql
def test_another_spelling_of_a_number_is_found_by_an_index_in_all_channels(many_numbers: Download) -> None:
    with CaptureQueriesContext(connection) as queries:
        version = find_tagged_version(Actor(user=many_numbers.owner), many_numbers, "v1.251.0")
    assert version.number == "1.251"
    by_key = [query["sql"] for query in queries if '"sort_key" = ' in query["sql"]]
    assert len(by_key) == 2
    for sql, index in zip(by_key, ("public_number_by_key", "version_ordered"), strict=True):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}".replace("%", "%%"))
            assert index in "\n".join(line for (line,) in cursor.fetchall())


def test_tag_of_a_draft_is_hidden(download: Download) -> None:
    make_tagged(download, "cli/v1.2", state="draft")
    with pytest.raises(NotFound):
        find_tagged_version(NOBODY, download, "cli/v1.2")
    assert find_tagged_version(Actor(user=download.owner), download, "cli/v1.2")
    assert not PublicTag.objects.exists()


def test_public_tag_stays_reserved(download: Download) -> None:
    version, owner = make_tagged(download, "cli/v1.2"), Actor(user=download.owner)
    edit_version(actor=owner, version=version, tag="tool/v1.2")
    assert find_tagged_version(NOBODY, download, "cli/v1.2") == version
    with pytest.raises(Conflict):
        make_tagged(download, "cli/v1.2", number="9")
    delete_version(actor=owner, version=version)
    for tag in ("cli/v1.2", "tool/v1.2"):
        with pytest.raises(Gone):
            find_tagged_version(NOBODY, download, tag)
    delete_version(actor=Actor(user=make_user(is_superuser=True)), version=version, hard=True)
    with pytest.raises(Conflict):
        make_tagged(download, "tool/v1.2", number="9")


def test_tags_of_a_download_that_is_shown_later(db: None) -> None:
    download = make_download(visibility="private")
    make_tagged(download, "cli/v1.2")
    assert not PublicTag.objects.exists()
    update_download(actor=Actor(user=download.owner), download=download, visibility="public")
    assert [row.tag for row in PublicTag.objects.all()] == ["cli/v1.2"]


def test_changed_tag_changes_the_number(download: Download) -> None:
    version = make_tagged(download, "v1.2", state="draft")
    changed = edit_version(actor=Actor(user=download.owner), version=version, tag="v1.3")
    assert (changed.tag, changed.number) == ("v1.3", "1.3")


def test_links_and_pages_of_a_tag_with_slashes(download: Download, client: Client) -> None:
    version = make_tagged(download, "cli/v1.2")
    file = make_file(version, name="tool.zip")
    for tag in ("cli/v1.2", "cli%2Fv1.2"):
        response = client.get(f"/d/{download.slug}/{tag}/{file.filename}")
        assert response.status_code in {200, 302}  # S3 sends the bytes itself
        response.close()
        page = client.get(f"{download.path}{tag}/")
        assert page.status_code == 200
        assert "cli/v1.2" in page.content.decode()
    assert client.get(f"/d/{download.slug}/lib/v1.2/{file.filename}").status_code == 404


def test_tag_over_the_api(download: Download, api: Any) -> None:
    client = api(make_key(download.owner))
    body = {"download_id": download.pk, "version_string": "1.2", "tag": "cli/v1.2"}
    assert client.send("POST", "/api/mc-dm-versions/", body).status_code == 200
    make_version(download, "2.0")
    for tag, number in (("cli/v1.2", "1.2"), ("v2.0", "2.0")):
        query = {"download_id": download.pk, "tag": tag, "with": "full"}
        rows = client.get("/api/mc-dm-versions/", query).json()["versions"]
        assert [(row["version_string"], row["tag"]) for row in rows] == [(number, tag)]
