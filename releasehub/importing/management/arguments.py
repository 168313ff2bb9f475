"""The arguments of the command `import`, and the objects that they name."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from downloads.models import Category, Download
from downloads.services import create_download
from releasehub.accounts.models import User
from releasehub.core.actor import Actor, Origin, system_actor
from releasehub.importing.models import ImportSource
from releasehub.importing.sources.registry import KINDS

TOKEN_VARIABLE = "RELEASEHUB_IMPORT_TOKEN"  # noqa: S105 - the name of a variable


def add_arguments(parser: ArgumentParser, default_api: str) -> None:
    """Add the arguments that all kinds of sources have."""
    api_help = "the base URL of the API" + (f" (default: {default_api})" if default_api else "")
    parser.add_argument("--api", default="", metavar="URL", help=api_help)
    parser.add_argument("--to", required=True, metavar="SLUG", help="the download that gets the versions")
    parser.add_argument("--create", metavar="CATEGORY", help="create the download in this category if it is missing")
    parser.add_argument("--owner", metavar="USER", help="the owner of a download that is created")
    parser.add_argument("--as", dest="as_user", metavar="USER", help="import with the rights of this user")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"read the token for the source from the first line of this file (default: {TOKEN_VARIABLE})",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and stop")
    sync_help = "repeat the import every 24 or HOURS hours; 0 ends that"
    parser.add_argument("--sync", type=int, nargs="?", const=24, metavar="HOURS", help=sync_help)
    parser.add_argument("--newest", type=int, metavar="N", help="import only the newest N releases; 0 imports all")
    parser.add_argument("--drafts", action="store_true", default=None, help="import drafts as drafts")
    parser.add_argument("--no-prereleases", action="store_true", default=None, help="leave pre-releases out")
    parser.add_argument(
        "--when-removed",
        choices=ImportSource.WhenRemoved.values,
        help="what happens here to the version of a release that was removed at the source (default: keep)",
    )


def source_fields(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given. The others stay as they are."""
    given = {
        "sync_hours": options["sync"],
        "has_drafts": options["drafts"],
        "has_prereleases": False if options["no_prereleases"] else None,
        "when_removed": options["when_removed"],
    }
    fields = {name: value for name, value in given.items() if value is not None}
    if options["newest"] is not None:
        fields["newest_only"] = options["newest"] or None
    kind_options = {name: options[f"option_{name}"] for name in KINDS[options["kind"]].options}
    return fields | ({"options": {k: v for k, v in kind_options.items() if v}} if any(kind_options.values()) else {})


def actor_named(username: str | None) -> Actor:
    if not username:
        return system_actor()
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"No active user is named {username}.")
    return Actor(user=user, origin=Origin.CLI)


def find_or_create_download(actor: Actor, options: dict[str, Any]) -> Download:
    slug = options["to"]
    download: Download | None = Download.objects.select_related("category").filter(slug=slug).first()
    if download is not None:
        return download
    if not options["create"]:
        raise CommandError(f"The download {slug} does not exist. Add --create CATEGORY to create it.")
    category, owner = place_of(options)
    return create_download(actor=actor, category=category, title=slug, slug=slug, owner=owner)


def is_known(slug: str) -> bool:
    return Download.objects.filter(slug=slug).exists()


def place_of(options: dict[str, Any]) -> tuple[Category, User]:
    """Return the category and the owner of the download that is to be created."""
    category = Category.objects.filter(slug=options["create"]).first()
    if category is None:
        raise CommandError(f"The category {options['create']} does not exist.")
    owner = User.objects.filter(username=options["owner"] or options["as_user"] or "").first()
    if owner is None:
        raise CommandError("Name the owner of the new download with --owner USER.")
    return category, owner


def read_token(path: str | None) -> str:
    if path is None:
        return os.environ.get(TOKEN_VARIABLE, "")
    try:
        return Path(path).read_text().partition("\n")[0].strip()
    except OSError as error:
        raise CommandError(f"The file {path} with the token cannot be read: {error.strerror}.") from error
