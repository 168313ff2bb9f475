"""For every actor and state: what a policy says of one row is what the set form finds."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import pytest
from django.db import connection

from downloads.access import load_access
from downloads.models import AccessKey, Category, Download, TeamMember
from downloads.policies import access_key_policy, category_policy, download_policy, manageable_access_keys
from downloads.services import publish_to_store, set_team_member, share_download
from files.models import File
from files.policies import file_policy
from releasehub.accounts.models import Membership
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from tests.conftest import begin_with
from tests.factories import make_category, make_download, make_file, make_organization, make_user, make_version, system
from versions.models import Version
from versions.policies import version_policy
from versions.querysets import listed_total_of_all

pytestmark = pytest.mark.django_db
RELATED: dict[Any, tuple[str, ...]] = {
    Category: (),
    Download: ("category",),
    Version: ("download__category",),
    File: ("version__download__category",),
}


def populated() -> dict[str, Any]:
    """Create users, downloads in every state and visibility, and versions and files in every state."""
    people = {name: make_user(name) for name in ("owner", "stranger", "shared", "member", *TeamMember.FLAGS)}
    categories = [make_category("Open"), make_category("Closed", members_only=True)]
    organization = make_organization(members=(people["member"],))
    filled: Download | None = None
    for category, visibility in product(categories, Download.Visibility.values):
        for state, is_deleted in product(("visible", "draft"), (False, True)):
            download = make_download(people["owner"], category=category, visibility=visibility)
            for flag in TeamMember.FLAGS:
                set_team_member(actor=system(), download=download, user=people[flag], flags={flag})
            if visibility in {"private", "organization"}:
                share_download(actor=system(), download=download, user=people["shared"])
                publish_to_store(actor=system(), download=download, organization=organization)
            if filled is None:
                filled = download
                fill(download)
            else:
                copy_versions(filled, download)
            Download.objects.filter(pk=download.pk).update(state=state)
            if is_deleted:
                delete_download(actor=system(), download=download)
    if connection.vendor == "postgresql":  # it plans with what it last knew of tables that were empty then
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return people


def empty() -> None:
    return


def fill(download: Download) -> None:
    for number, (state, visibility) in enumerate(
        [("published", "listed"), ("published", "unlisted"), ("published", "private"), ("draft", "listed")]
    ):
        version = make_version(download, f"{number}.0.0", state=state, visibility=visibility)
        if state == "published" and visibility == "listed":
            files = [make_file(version) for _ in range(4)]
            File.objects.filter(pk=files[1].pk).update(validation_status="pending")
            File.objects.filter(pk=files[2].pk).update(validation_status="failed")
            delete_file(actor=system(), file=files[3])
    gone = make_version(download, "9.0.0", files=1)
    delete_version(actor=system(), version=gone)


def copy_versions(source: Download, target: Download) -> None:
    """Give another download the same versions and files as the first, in a seventh of the time of `fill`."""
    counts = Download.all_objects.filter(pk=source.pk).values("version_count", "listed_version_count", "last_update_at")
    Download.all_objects.filter(pk=target.pk).update(**counts[0])
    for version in Version.all_objects.filter(download=source).order_by("pk"):
        files = list(File.all_objects.filter(version=version))
        version.download = target
        (copy,) = Version.objects.bulk_create([unsaved(version)])
        for file in files:
            file.version = copy
        File.objects.bulk_create([unsaved(file) for file in files])


def unsaved(row: Any) -> Any:
    row.pk, row.public_id, row._state.adding = None, row._meta.get_field("public_id").get_default(), True
    return row


def actors(people: dict[str, Any]) -> dict[str, Actor]:
    some = Download.all_objects.order_by("pk").values_list("pk", flat=True)[:3]
    moderator = make_user("mod", is_staff=True, permissions=("moderate_download",))
    auditor = make_user("auditor", is_staff=True, permissions=("view_download",))
    found = {name: Actor(user=user) for name, user in people.items()}
    return found | {
        "anonymous": Actor(),
        "moderator": Actor(user=moderator),
        "auditor": Actor(user=auditor),
        "bound auditor": Actor(user=auditor, bound_download_ids=frozenset(some)),
        "administrator": Actor(user=make_user("root", is_superuser=True, is_staff=True)),
        "super key": Actor(is_super_key=True),
        "bound key": Actor(user=people["owner"], bound_download_ids=frozenset(some)),
        "bound moderator": Actor(user=moderator, bound_download_ids=frozenset(some)),
        "access key": Actor(granted_download_ids=frozenset(some)),
    }


@begin_with(populated)
@pytest.mark.parametrize(
    ("model", "policy"),
    [(Category, category_policy), (Download, download_policy), (Version, version_policy), (File, file_policy)],
)
def test_policies_and_querysets_agree(world: dict[str, Any], model: Any, policy: Any) -> None:
    everything = getattr(model, "all_objects", model.objects)
    rows = list(everything.select_related(*RELATED[model]))
    for name, actor in actors(world).items():
        load_access(actor, Download.all_objects.values_list("pk", flat=True))
        found = set(everything.visible_to(actor).values_list("pk", flat=True))
        allowed = {row.pk for row in rows if policy.can_view(actor, row)}
        assert found == allowed, name


@begin_with(populated)
@pytest.mark.parametrize(
    ("model", "policy"), [(Download, download_policy), (Version, version_policy), (File, file_policy)]
)
def test_restorable_query_set_equals_the_restore_policy(world: dict[str, Any], model: Any, policy: Any) -> None:
    for name, actor in actors(world).items():
        if name == "anonymous" or name == "access key":
            assert not model.all_objects.restorable_by(actor).exists()
            continue
        found = set(model.all_objects.restorable_by(actor).values_list("pk", flat=True))
        rows = model.all_objects.deleted().select_related(*RELATED[model])
        load_access(actor, Download.all_objects.values_list("pk", flat=True))
        allowed = {row.pk for row in rows if unbound(actor, row) and policy.can_restore(actor, row)}
        if model is not Download:  # under a deleted download a team member sees nothing
            allowed = {pk for pk in allowed if pk in found or not is_team_only(actor, rows.get(pk=pk))}
        assert found == allowed, name


def unbound(actor: Actor, row: Any) -> bool:
    return actor.bound_download_ids is None or row.download_id in actor.bound_download_ids


def is_team_only(actor: Actor, row: Any) -> bool:
    download = row.download if isinstance(row, Version) else row.version.download
    return download.is_deleted and actor.user_id != download.owner_id


@begin_with(populated)
def test_lists_never_contain_invisible_rows(world: dict[str, Any]) -> None:
    for name, actor in actors(world).items():
        listed = set(Version.objects.listed_to(actor).values_list("pk", flat=True))
        assert listed <= set(Version.objects.visible_to(actor).values_list("pk", flat=True)), name
        alive = Version.objects.listed_to(actor).filter(download__deleted_at__isnull=True)
        assert listed_total_of_all(actor) == alive.count(), name


@begin_with(populated)
def test_list_of_one_download_agrees_with_the_full_list(world: dict[str, Any]) -> None:
    for name, actor in actors(world).items():
        whole: dict[int, set[int]] = defaultdict(set)
        for download_id, pk in Version.objects.listed_to(actor).values_list("download_id", "pk"):
            whole[download_id].add(pk)
        for download in Download.objects.visible_to(actor):
            inside = set(Version.objects.listed_in(actor, download).values_list("pk", flat=True))
            assert inside == whole[download.pk], (name, download.visibility, download.state)


@begin_with(populated)
def test_team_rights_lapse_with_the_membership(world: dict[str, Any]) -> None:
    download, user = make_download(visibility="private"), make_user()
    organization = make_organization(members=(user,))
    Download.objects.filter(pk=download.pk).update(organization=organization)
    set_team_member(actor=system(), download=download, user=user, flags={"can_edit"})
    download.refresh_from_db()
    assert download_policy.can_edit(Actor(user=user), download)
    Membership.objects.filter(user=user).delete()
    assert not download_policy.can_view(Actor(user=user), download)


@begin_with(empty)
def test_deleted_organization_grants_no_access(world: None) -> None:
    download, user = make_download(visibility="organization"), make_user()
    organization = make_organization(members=(user,))
    publish_to_store(actor=system(), download=download, organization=organization)
    assert download_policy.can_view(Actor(user=user), download)
    organization.delete()
    assert not download_policy.can_view(Actor(user=user), download)
    assert not Download.objects.visible_to(Actor()).exists()


@begin_with(populated)
def test_visible_rows_of_one_download_equal_those_of_the_whole_hub(world: dict[str, Any]) -> None:
    for name, actor in actors(world).items():
        downloads = Download.all_objects.visible_to(actor).select_related("category")[:8]
        versions = set(Version.objects.visible_to(actor).filter(download__in=[row.pk for row in downloads]))
        files = File.objects.filter(version__in=versions).select_related("version__download__category")
        inside = {version for download in downloads for version in Version.objects.visible_in(actor, download)}
        fetchable = {file for download in downloads for file in files.fetchable_in(actor, download)
                     .filter(version__download=download)}  # fmt: skip
        assert inside == versions, name
        assert fetchable == {file for file in files if file_policy.can_download(actor, file)}, name


@begin_with(populated)
def test_access_key_policy_and_list_agree(world: dict[str, Any]) -> None:
    for download in Download.all_objects.all():
        AccessKey.objects.create(download=download, name="x", digest=str(download.pk))
    for name, actor in actors(world).items():
        load_access(actor, Download.all_objects.values_list("pk", flat=True))
        found = set(manageable_access_keys(actor).values_list("pk", flat=True))
        keys = AccessKey.objects.select_related("download__category")
        assert found == {key.pk for key in keys if access_key_policy.can_view(actor, key)}, name
