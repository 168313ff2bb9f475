"""Named channels and platforms: who sees and changes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from downloads.models import TeamMember
from downloads.services import set_team_member
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid
from releasehub.publishing.deletion import delete_download
from tests.factories import make_download, make_user, make_version, system
from versions.models import NamedChannel, NamedPlatform, Version
from versions.policies import label_policy
from versions.services import create_label, delete_label, update_label

pytestmark = pytest.mark.django_db


def make_label(*downloads: Any, name: str = "beta", model: Any = NamedChannel) -> Any:
    return create_label(actor=system(), model=model, name=name, display_name=name, downloads=downloads)


@pytest.mark.parametrize("model", [NamedChannel, NamedPlatform])
def test_policy_and_queryset_agree(model: Any) -> None:
    owner, stranger = make_user("owner"), make_user("stranger")
    open_one, private = make_download(owner), make_download(owner, visibility="private")
    gone = make_download(owner)
    make_label(name="general", model=model)
    for number, downloads in enumerate([(open_one,), (private,), (open_one, private), (gone,)]):
        make_label(*downloads, name=f"n{number}", model=model)
    delete_download(actor=system(), download=gone)
    erased = make_download(owner)
    make_label(erased, name="orphan", model=model)
    delete_download(actor=system(), download=erased, hard=True)
    moderator = make_user("mod", is_staff=True, permissions=("moderate_download",))
    actors = {
        "anonymous": Actor(), "owner": Actor(user=owner), "stranger": Actor(user=stranger), "system": system(),
        "moderator": Actor(user=moderator), "key": Actor(granted_download_ids=frozenset({private.pk})),
        "bound": Actor(user=owner, bound_download_ids=frozenset({open_one.pk})),
        "bound moderator": Actor(user=moderator, bound_download_ids=frozenset({private.pk})),
    }  # fmt: skip
    seen = {}
    for name, actor in actors.items():
        found = {row.name for row in model.objects.visible_to(actor)}
        assert found == {row.name for row in model.objects.all() if label_policy.can_view(actor, row)}, name
        seen[name] = found
    assert seen["stranger"] == {"general", "n0", "n2"}
    assert seen["anonymous"] == {"n0", "n2"}


def test_label_of_deleted_products_applies_to_none() -> None:
    owner = make_user()
    download = make_download(owner)
    label = make_label(download)
    delete_download(actor=system(), download=download, hard=True)
    assert not label_policy.can_view(Actor(user=owner), label)
    assert not label_policy.can_edit(Actor(user=owner), label)


@pytest.mark.parametrize("flag", TeamMember.FLAGS)
def test_version_managers_can_manage_channel_labels(flag: str) -> None:
    download, user = make_download(), make_user()
    set_team_member(actor=system(), download=download, user=user, flags={flag})
    arguments = {"model": NamedChannel, "name": "beta", "display_name": "Beta", "downloads": [download]}
    if flag == "can_manage_versions":
        assert create_label(actor=Actor(user=user), **arguments).name == "beta"
    else:
        with pytest.raises(Denied):
            create_label(actor=Actor(user=user), **arguments)


def test_moving_a_release_needs_the_right_to_both_products() -> None:
    owner = make_user()
    mine, other = make_download(owner), make_download()
    label = make_label(mine)
    with pytest.raises(Denied):
        update_label(actor=Actor(user=owner), label=label, downloads=[mine, other])
    with pytest.raises(Denied):
        update_label(actor=Actor(user=owner), label=label, downloads=[])
    foreign = make_label(other, mine, name="dev")
    with pytest.raises(Denied):
        update_label(actor=Actor(user=owner), label=foreign, display_name="X")
    with pytest.raises(Denied):
        delete_label(actor=Actor(user=owner), label=foreign)


def test_database_keeps_general_names_apart() -> None:
    make_label()
    with pytest.raises(IntegrityError):
        NamedChannel.objects.create(name="beta", display_name="x", is_general=True)


def test_channel_is_named_as_versions_name_it() -> None:
    assert make_label(make_download(), name=" RC ").name == "RC"
    with pytest.raises(Invalid):
        make_label(make_download(), name="release\ncandidate")


@pytest.mark.parametrize(("wanted", "count"), [("linux", 1), ("lin", 0), ('win"dows', 1), ("ünix", 1), ("a,b", 0)])
def test_json_list_lookup_finds_an_item(wanted: str, count: int) -> None:
    make_version(platforms=["linux", 'win"dows', "ünix", "a", "b"])
    make_version(platforms=[])
    assert Version.objects.filter(platforms__holds=wanted).count() == count
