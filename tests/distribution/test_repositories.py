"""Downloads under the name `owner/repo`."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.access import access_to
from downloads.models import Download
from downloads.services import publish_to_store, update_download
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Gone, NotFound
from releasehub.distribution.repositories import find_repository, repository_name, repository_path
from releasehub.publishing.deletion import delete_download
from tests.factories import make_download, make_organization, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ANYONE = Actor()


@pytest.fixture
def download() -> Download:
    return make_download(make_user("Ada"), slug="tool")


def test_public_stores_give_access_to_users_only(download: Download) -> None:
    publish_to_store(actor=system(), download=download, organization=make_organization(), is_public=True)
    for actor, is_in_store in ((Actor(), False), (Actor(user=make_user()), True)):
        find_repository(actor, "Ada", "tool")
        assert access_to(actor, download.pk).is_in_store is is_in_store


@pytest.mark.parametrize("name", [("Ada", "tool"), ("ada", "TOOL"), ("ADA", "Tool")])
def test_the_case_of_both_names_does_not_matter(download: Download, name: tuple[str, str]) -> None:
    assert find_repository(ANYONE, *name) == download


@pytest.mark.parametrize("name", [("bob", "tool"), ("Ada", "other"), ("Ada", "to\0ol"), ("Ad\0a", "tool"), ("", "")])
def test_another_owner_or_slug_is_not_found(download: Download, name: tuple[str, str]) -> None:
    with pytest.raises(NotFound):
        find_repository(ANYONE, *name)


def test_the_organization_is_the_owner() -> None:
    organization = make_organization()
    download = make_download(make_user("Ada"), slug="tool", organization=organization)
    assert find_repository(ANYONE, organization.slug, "tool") == download
    assert repository_name(download) == f"{organization.slug}/tool"
    with pytest.raises(NotFound):
        find_repository(ANYONE, "Ada", "tool")


def test_the_canonical_name_keeps_case_and_is_encoded_in_paths() -> None:
    download = make_download(make_user("Ada L@x"), slug="Tool")
    found = find_repository(ANYONE, "ada l@x", "tool")
    assert (repository_name(found), repository_path(found)) == ("Ada L@x/Tool", "/Ada%20L%40x/Tool")
    assert found == download


def test_of_two_slugs_that_differ_in_case_the_exact_one_is_found(download: Download) -> None:
    capital = make_download(download.owner, slug="other")
    Download.objects.filter(pk=capital.pk).update(slug="Tool")  # as hubs before 0.2.0 allowed
    assert find_repository(ANYONE, "ada", "Tool") == capital
    assert find_repository(ANYONE, "ada", "tool") == download


def test_links_never_lead_to_the_download_of_a_namesake(download: Download) -> None:
    namesake, other = make_user("ADA"), make_download(slug="other")
    for _ in range(2):  # first while the download has the slug, then after it was renamed
        with pytest.raises(Conflict, match="has or had the slug Tool"):
            make_download(namesake, slug="Tool")
        with pytest.raises(Conflict):
            update_download(actor=system(), download=other, slug="TOOL")
        download = update_download(actor=system(), download=download, slug="newtool")
        assert find_repository(ANYONE, "ada", "tool") == download
    assert update_download(actor=system(), download=download, slug="NewTool").slug == "NewTool"


def test_an_old_slug_finds_the_download_in_any_case(download: Download) -> None:
    renamed = update_download(actor=system(), download=download, slug="newtool")
    assert find_repository(ANYONE, "ada", "TOOL") == renamed
    with pytest.raises(NotFound):
        find_repository(ANYONE, "bob", "tool")


def test_hidden_downloads_are_not_found_by_outsiders(download: Download) -> None:
    private = make_download(download.owner, slug="secret", visibility=Download.Visibility.PRIVATE)
    with pytest.raises(NotFound):
        find_repository(ANYONE, "ada", "secret")
    assert find_repository(Actor(user=download.owner), "ada", "secret") == private


def test_a_deleted_download_is_gone(download: Download) -> None:
    make_version(download, "1.0.0")
    delete_download(actor=system(), download=download, reason="replaced")
    with pytest.raises(Gone, match="replaced"):
        find_repository(ANYONE, "ada", "tool")


def test_a_name_takes_one_query(download: Download, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        repository_path(find_repository(ANYONE, "ada", "tool"))
