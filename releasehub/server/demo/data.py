"""Demo data for the first start: people, categories, downloads with versions and small real files, and reviews."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from downloads.models import Category, Download
from downloads.services import create_category, create_download, feature_download, publish_to_store, set_team_member
from files.hub_days import measure_hub_days
from files.pictures.services import receive_picture
from files.services import add_file
from files.storage.streaming import Receiver
from files.uploads.intake import accept_upload
from releasehub.accounts.first_password import store_first_password
from releasehub.accounts.models import Membership, Organization, User
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key
from releasehub.community.services import create_comment, create_review, reply_to_review
from releasehub.core.actor import Actor, Origin
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version
from releasehub.publishing.transitions import Move
from releasehub.search.refresh import refresh_index
from releasehub.server.demo.archives import tar_of, zip_of
from releasehub.server.demo.catalog import (
    CATEGORIES,
    DOWNLOADS,
    FEATURED,
    OPINIONS,
    DemoDownload,
    DemoOpinion,
    DemoVersion,
)
from releasehub.server.demo.desk import furnish_desk
from releasehub.server.demo.gallery import DemoPicture, demo_pictures
from releasehub.server.demo.traffic import add_traffic
from versions.models import Version
from versions.platforms import platform_name

ADMIN = "administrator"  # "admin" is a reserved name, so the page that sets up a hub suggests this one too


@dataclass(frozen=True)
class DemoLogin:
    username: str
    password: str
    key: str


def load_demo() -> DemoLogin:
    """Create the demo in one transaction, and return the password and the API key, which are shown only once.

    The password is also in a file until the first sign-in.
    """
    actor = Actor(origin=Origin.CLI, is_super_key=True)
    with transaction.atomic():
        admin, password = _people()
        categories = _categories(actor)
        for demo in DOWNLOADS:
            _download(actor, demo, categories, admin)
        for opinion in OPINIONS:
            _opinion(opinion)
        for picture in demo_pictures():
            _picture(actor, picture)
        for demo in DOWNLOADS:
            _set_back_update(demo)
        for title in FEATURED:
            feature_download(actor=actor, download=Download.objects.get(title=title))
        furnish_desk(admin)
        measure_hub_days()
        _, key = issue_key(actor=actor, user=admin, name="demo", scopes=Scope.values)
        store_first_password(ADMIN, password)
    refresh_index()  # so that a first visitor who searches at once finds something
    return DemoLogin(ADMIN, password, key)


def _people() -> tuple[User, str]:
    password = secrets.token_urlsafe(12)
    admin = User.objects.create_superuser(ADMIN, f"{ADMIN}@localhost", password)
    ann = User.objects.create_user("ann", "ann@localhost")
    User.objects.create_user("ben", "ben@localhost")
    organization = Organization.objects.create(name="Northwind Tools", slug="northwind-tools")
    Membership.objects.create(organization=organization, user=admin, role=Membership.Role.OWNER)
    Membership.objects.create(organization=organization, user=ann)
    return admin, password


def _categories(actor: Actor) -> dict[str, Category]:
    categories: dict[str, Category] = {}
    for order, (title, parent, description) in enumerate(CATEGORIES):
        categories[title] = create_category(
            actor=actor, title=title, parent=categories.get(parent), description=description, display_order=order
        )
    return categories


def _download(actor: Actor, demo: DemoDownload, categories: dict[str, Category], admin: User) -> None:
    """Create the download. Those of the administrator belong to the organization, as in a company."""
    ann = User.objects.get(username="ann")
    download = create_download(
        actor=actor,
        category=categories[demo.category],
        title=demo.title,
        owner=ann if demo.is_anns else admin,
        tag_line=demo.tag_line,
        description=demo.description,
        license=demo.license,
        homepage_url="https://example.org/",
        tags=list(demo.tags),
        visibility=demo.visibility,
        organization=None if demo.is_anns else Organization.objects.get(),
    )
    if demo.is_anns:
        set_team_member(actor=actor, download=download, user=admin, flags={"can_edit", "can_upload"})
    if demo.visibility == Download.Visibility.ORGANIZATION:
        publish_to_store(actor=actor, download=download, organization=Organization.objects.get())
    for demo_version in demo.versions:
        _version(actor, download, demo_version)
    add_traffic(download, demo)


def _opinion(demo: DemoOpinion) -> None:
    download = Download.objects.select_related("category", "owner").get(title=demo.download)
    author = Actor(user=User.objects.get(username=demo.author), origin=Origin.CLI)
    if not demo.rating:
        create_comment(actor=author, download=download, text=demo.text)
        return
    review = create_review(actor=author, download=download, rating=demo.rating, text=demo.text)
    if demo.reply:
        reply_to_review(actor=Actor(user=download.owner, origin=Origin.CLI), review=review, text=demo.reply)


def _picture(actor: Actor, demo: DemoPicture) -> None:
    receiver = Receiver("picture.png")
    receiver.write(demo.content)
    upload = receiver.finish()
    download = Download.objects.get(title=demo.download)
    texts = {"alt_text": demo.alt_text, "caption": demo.caption}
    receive_picture(actor=actor, download=download, kind=demo.kind, upload=upload, **texts)
    upload.discard()


def _version(actor: Actor, download: Download, demo: DemoVersion) -> None:
    version = create_version(
        actor=actor,
        download_id=download.pk,
        number=demo.number,
        channel=demo.channel,
        state=demo.state,
        release_notes=demo.notes,
        platforms=sorted({platform for platform, _ in demo.builds if platform}),
    )
    for platform, architecture in demo.builds:
        _file(actor, version, platform, architecture)
    _set_back(version, demo.days_ago)
    if demo.yank_reason:
        move(Move.YANK, actor=actor, version=version, reason=demo.yank_reason)


def _file(actor: Actor, version: Version, platform: str, architecture: str) -> None:
    slug, number = version.download.slug, version.number
    build = "-".join(part for part in (platform, architecture) if part) or "any"
    folder = f"{slug}-{number}"
    texts = {
        f"{folder}/README.txt": f"{version.download.title} {number} for {build}\n",
        f"{folder}/CHANGES.md": version.release_notes or "No notes.\n",
    }
    is_zip = platform in {"windows", ""}
    receiver = Receiver(f"{slug}-{number}-{build}.{'zip' if is_zip else 'tar.gz'}")
    receiver.write(zip_of(texts) if is_zip else tar_of(texts))
    label = f"{platform_name(platform)} {architecture}".strip() if platform else ""
    add_file(
        actor=actor,
        version=version,
        **vars(accept_upload(actor=actor, version=version, upload=receiver.finish())),
        platform=platform,
        architecture=architecture,
        display_label=label,
    )


def _set_back(version: Version, days: int) -> None:
    """Move the version into the past, because a demo whose releases all have the same time would show no history."""
    moment = timezone.now() - timedelta(days=days)
    published = moment if version.published_at else None
    Version.all_objects.filter(pk=version.pk).update(
        created_at=moment, released_at=moment, published_at=published, public_since=published
    )


def _set_back_update(demo: DemoDownload) -> None:
    """Make the download as old as its newest version, after everything else that counts as an update."""
    days = min(version.days_ago for version in demo.versions if version.state == "published")
    Download.objects.filter(title=demo.title).update(last_update_at=timezone.now() - timedelta(days=days))
