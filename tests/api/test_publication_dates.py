"""Every dialect and every feed states the first publication, also of a version that was a draft again in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_file, make_key, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db

PUBLISHED = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
CREATED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def native(client: ApiClient, version: Version) -> Any:
    return client.get(f"/api/updates/{version.download.slug}").json()["version"]["published_at"]


def mc_dm(client: ApiClient, version: Version) -> Any:
    return client.get(f"/api/mc-dm-versions/{version.pk}/?with=full").json()["version"]["published_date"]


def mc_dm_release_date(client: ApiClient, version: Version) -> Any:
    return client.get(f"/api/mc-dm-versions/{version.pk}/").json()["version"]["release_date"]


def v3(client: ApiClient, version: Version) -> Any:
    return client.get(f"/v3/releases/{version.public_id}").json()["publishedAt"]


def v3_update(client: ApiClient, version: Version) -> Any:
    query = {"productId": version.download.public_id, "platform": "linux", "version": "0.1"}
    return client.get("/v3/releases/update", query).json()["publishedAt"]


def engine(client: ApiClient, version: Version) -> Any:
    return client.get("/version/latest").json()["date_published"]


def entity(client: ApiClient, version: Version) -> Any:
    answer = client.get(f"/api/entities/{version.download.public_id}/versions")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return body["versions"][0]["published_at"]


def webhook(client: ApiClient, version: Version) -> Any:
    event = Event.objects.filter(type="version.published").order_by("-id").first()
    assert event is not None
    return event.data["published_at"]


def atom(client: ApiClient, version: Version) -> Any:
    return client.get(f"{version.download.path}feed.atom").content.decode().split("<published>")[1].split("<")[0]


def json_feed(client: ApiClient, version: Version) -> Any:
    return client.get(f"{version.download.path}feed.json").json()["items"][0]["date_published"]


def github(client: ApiClient, version: Version) -> Any:
    download = version.download
    return client.get(f"/api/v3/repos/{download.owner.username}/{download.slug}/releases").json()[0]["published_at"]


def electron(client: ApiClient, version: Version) -> Any:
    body = client.get(f"/feeds/{version.download.slug}/electron/latest-linux.yml").content.decode()
    return body.split('releaseDate: "')[1].split('"')[0]


PLACES: list[Callable[[ApiClient, Version], Any]] = [
    *(github, native, mc_dm, mc_dm_release_date, v3, v3_update, engine, entity, webhook, atom, json_feed, electron),
]


@pytest.fixture
def version(settings: Any) -> Version:
    download = make_download(kind="app", category=make_category("Entities", slug="entities"))
    settings.ENGINE_DOWNLOAD = download.slug
    version = make_version(download, "1.0.0", created_at=CREATED)
    make_file(version, name="tool.AppImage", platform="linux", architecture="x64")
    Version.objects.filter(pk=version.pk).update(published_at=PUBLISHED, released_at=PUBLISHED)
    for name in (Move.UNPUBLISH, Move.PUBLISH):
        version = move(name, actor=system(), version=Version.objects.select_related("download").get(pk=version.pk))
    return version


def test_the_first_publication_is_stated_everywhere(version: Version) -> None:
    client = ApiClient(make_key(version.download.owner))
    shown = {place.__name__: place(client, version) for place in PLACES}
    moments = {
        name: datetime.fromtimestamp(value, UTC) if isinstance(value, int) else parse_datetime(value)
        for name, value in shown.items()
    }
    assert moments == dict.fromkeys(shown, PUBLISHED)
