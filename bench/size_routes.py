"""The lists and look-ups whose cost must not depend on the number of versions, as requests of Django's test client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import django
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from bench.plan import FILENAME, Seeded
from bench.targets import UNCACHED

HOST = {"Host": "localhost"}
BY_NUMBER = "by number"


@dataclass(frozen=True)
class Route:
    """A request. `reads_many` excuses the pages by number, which skip rows as the original APIs did."""

    name: str
    client: Client
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def reads_many(self) -> bool:
        return BY_NUMBER in self.name

    def get(self) -> Any:
        return self.client.get(self.path, headers=HOST | self.headers)


def routes(seeded: Seeded) -> Iterator[Route]:
    """Yield the routes. A page after a cursor is found by its number first, which is not measured."""
    django.setup()
    yield from api_routes(seeded)
    yield from page_routes(seeded)
    yield from admin_routes(seeded)


def api_routes(seeded: Seeded) -> Iterator[Route]:
    from downloads.models import Download
    from versions.models import Version

    client, slug = Client(), seeded.heavy_slug
    key, reader = {"XF-Api-Key": seeded.key}, {"XF-Api-Key": seeded.reader_key}
    product = Download.objects.get(pk=seeded.heavy).public_id
    release = Version.objects.get(pk=seeded.version).public_id
    for who, headers in (("key", key), ("reader's key", reader), ("anonymous", UNCACHED)):
        versions = f"/api/mc-dm-versions/?download_id={seeded.heavy}"
        first = Route(f"mc-dm versions, {who}", client, versions, headers)
        yield first
        yield from deep_pages(first)
        yield Route(f"mc-dm version, {who}", client, f"/api/mc-dm-versions/{seeded.version}/", headers)
        yield Route(f"mc-dm files, {who}", client, f"/api/mc-dm-files/?version_id={seeded.version}", headers)
        yield Route(f"mc-dm downloads, {who}", client, "/api/mc-dm-downloads/", headers)
        yield Route(f"update check, {who}", client, f"/api/updates/{slug}?version=1.1&platform=linux", headers)
        newest = f"/api/updates/{slug}?version=1.{seeded.heavy_versions * 9}"
        yield Route(f"update check, nothing newer, {who}", client, newest, headers)
        yield Route(f"latest, {who}", client, f"/api/updates/{slug}", headers)
    yield Route("events, the first", client, "/api/events?after=0", key)
    yield Route("events, the last", client, f"/api/events?after={last_event() - 50}", key)
    yield Route("events of one download", client, f"/api/events?after=0&download_id={seeded.heavy}", key)
    token = {"Authorization": f"token {seeded.key}"}
    releases = f"/api/v3/repos/owner/{slug}/releases"
    for name, path in (
        ("releases", f"{releases}?per_page=20"),
        ("latest", f"{releases}/latest"),
        ("release of a tag", f"{releases}/tags/v{seeded.number}"),
        ("tags", f"/api/v3/repos/owner/{slug}/tags"),
        ("all tag refs", f"/api/v3/repos/owner/{slug}/git/matching-refs/tags"),
        ("tag refs", f"/api/v3/repos/owner/{slug}/git/matching-refs/tags/v1.1"),
    ):
        yield Route(f"GitHub {name}", client, path, token)
    for name, path in (
        ("releases", "/v3/releases"),
        ("releases of a product", f"/v3/releases?productId={product}"),
        ("releases by version", f"/v3/releases?productId={product}&sort=-version"),
        ("releases by files", f"/v3/releases?productId={product}&sort=-totalFiles"),
        ("my releases", "/v3/me/releases"),
        ("release", f"/v3/releases/{release}"),
        ("release files", "/v3/release-files"),
        ("products", "/v3/products"),
        ("update", f"/v3/releases/update?productId={product}&platform=linux&version=1.1&channel=stable&key="),
    ):
        yield Route(f"v3 {name}", client, path, token)
    for name, path in (("list", "version"), ("latest", "version/latest"), ("version", f"version/{release}")):
        yield Route(f"engine {name}", client, f"/{path}", token)
    yield from entity_routes(client, product, token)


def entity_routes(client: Client, product: str, token: dict[str, str]) -> Iterator[Route]:
    """Yield the routes of the entity API, which serves only downloads of one category."""
    from downloads.models import Category, Download

    download = Download.objects.filter(public_id=product)
    before = download.values_list("category", flat=True).get()
    entities, _ = Category.objects.get_or_create(slug="entities", defaults={"title": "Entities"})
    download.update(category=entities)
    for name in ("versions", "details", "versions/active"):
        yield Route(f"entity {name}", client, f"/api/entities/{product}/{name}", token)
    download.update(category=before)


def last_event() -> int:
    from releasehub.webhooks.stream import last_position

    return last_position()


def deep_pages(first: Route) -> Iterator[Route]:
    """Yield the page at nine tenths of a list, by its number and by the cursor before it."""
    last = first.get().json()["pagination"]["last_page"]
    number = max(1, last * 9 // 10)
    deep = Route(f"{first.name}, deep {BY_NUMBER}", first.client, f"{first.path}&page={number}", first.headers)
    yield deep
    cursor = deep.get().json()["pagination"]["next"]
    if cursor:
        yield Route(f"{first.name}, deep cursor", first.client, f"{first.path}&after={cursor}", first.headers)


def page_routes(seeded: Seeded) -> Iterator[Route]:
    from downloads.models import Download

    visitor, owner = UNCACHED, session_of("owner")
    slug, page = seeded.heavy_slug, f"/downloads/{seeded.heavy_slug}.{seeded.heavy}/"
    desk = f"/account/downloads/{Download.objects.get(pk=seeded.heavy).public_id}/"
    for who, client, headers in (("anonymous", Client(), visitor), ("owner", owner, {})):
        for name, path in (
            ("start", "/"),
            ("categories", "/categories/"),
            ("search", "/search/?q=benchmark"),
            ("search, rare", "/search/?q=benchmark+7"),
            ("download", page),
            ("version", f"{page}{seeded.number}/"),
            ("versions", f"{page}about/versions/"),
            ("changelog", f"{page}about/changelog/"),
            ("statistics", f"{page}about/statistics/"),
            ("feed", f"{page}feed.atom"),
            ("feed of the site", "/feed.atom"),
            ("author", "/authors/owner/"),
            ("category", "/categories/benchmark/"),
            ("permanent link", f"/d/{slug}/{seeded.number}/{FILENAME}"),
            ("latest link", f"/d/{slug}/latest/"),
            ("sitemap", "/sitemap.xml"),
            ("sitemap of downloads", "/sitemap-downloads.xml"),
        ):
            yield Route(f"page {name}, {who}", client, path, headers)
    for name, path in (
        ("downloads", "/account/downloads/"),
        ("download", desk),
        ("activity", f"{desk}activity/"),
        ("new version", f"{desk}versions/new/"),
        ("feeds", f"{desk}feeds/"),
        ("account", "/account/"),
    ):
        yield Route(f"desk {name}", owner, path)


def admin_routes(seeded: Seeded) -> Iterator[Route]:
    root, moderator = session_of("root", is_superuser=True), session_of("moderator")
    yield Route("admin index", root, reverse("admin:index"))
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        path = reverse(f"admin:{name}_changelist")
        yield Route(f"admin {name}", root, path)
        yield Route(f"admin {name}, moderator", moderator, path)
        if model_admin.search_fields:
            yield Route(f"admin {name}, search", root, f"{path}?q=benchmark")
            yield Route(f"admin {name}, search for nothing", root, f"{path}?q=zqxzqx")
    for name, pk in (("versions_version", seeded.version), ("downloads_download", seeded.heavy)):
        yield Route(f"admin {name} change", root, reverse(f"admin:{name}_change", args=[pk]))
    yield Route("admin moderation", root, reverse("admin:moderation"))
    yield Route("admin moderation, moderator", moderator, reverse("admin:moderation"))
    yield Route("admin timeline", root, reverse("admin:timeline", args=["download", seeded.heavy]))
    yield Route("admin search", root, f"{reverse('admin:search')}?s=benchmark")


def session_of(name: str, *, is_superuser: bool = False) -> Client:
    """Return a client that is signed in. Users who are not the owner are created, as staff."""
    from django.contrib.auth.models import Group

    from releasehub.accounts.models import User

    user, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": True, "is_superuser": is_superuser})
    if is_new and not is_superuser:
        user.groups.add(Group.objects.get(name__iexact=name))
    client = Client()
    client.force_login(user)
    return client
