"""`create`: make a download to publish versions to."""

from __future__ import annotations

import re
from typing import Any

import click

from releasehub_cli import catalog, options
from releasehub_cli.errors import CliError, HubError, usage
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import read_text
from releasehub_cli.output import table
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import CategoryRow

CATEGORIES = "/api/mc-dm-categories/"
VISIBILITIES = ("public", "members", "organization", "private")
_SLUG_IN_URL = re.compile(r"/downloads/categories/([^/]+)\.\d+/")


@click.command()
@click.argument("title")
@click.option("--category", default="", metavar="C", help="The slug, name or id of the category.")
@click.option("--slug", default="", help="The name in links and commands. The default is derived from the title.")
@click.option("--tag-line", default="", metavar="TEXT", help="A line below the title.")
@click.option("--description", default="", metavar="TEXT", help="A description in Markdown.")
@click.option(
    "--description-file",
    type=click.File("rb"),
    metavar="F",
    help="Read the description from a file, or from stdin with -.",
)
@click.option(
    "--visibility", type=click.Choice(VISIBILITIES), help="The users who can see the download. The default is public."
)
@click.option("--license", "license_name", default="", metavar="NAME", help="The license, such as MIT.")
@click.option("--homepage", default="", metavar="URL", help="The URL of the project.")
@click.option("--draft", "is_draft", is_flag=True, help="Create a draft that only the team can see.")
@options.common()
@click.pass_obj
def create(
    settings: Settings,
    title: str,
    category: str,
    slug: str,
    tag_line: str,
    description: str,
    description_file: Any,
    visibility: str | None,
    license_name: str,
    homepage: str,
    is_draft: bool,
) -> None:
    """Create a download.

    --category is required if the hub has several categories; without it, the command lists them.

    \b
    Example:
      releasehub create "Pack Smith" --category tools --slug packsmith --description-file README.md
    """
    if description and description_file:
        raise usage("Use either --description or --description-file.")
    hub = settings.hub()
    fields = {
        "title": title,
        "category_id": category_id(hub, category),
        "slug": slug,
        "tag_line": tag_line,
        "description": read_text(description_file) if description_file else description,
        "visibility": visibility,
        "license": license_name,
        "homepage_url": homepage,
        "download_state": "draft" if is_draft else "",
    }
    download = hub.post(catalog.DOWNLOADS, {name: value for name, value in fields.items() if value})["download"]
    data = {
        "download_id": download["download_id"],
        "slug": catalog.slug_of(download),
        "title": download["title"],
        "state": download["download_state"],
        "url": download["view_url"],
    }
    if data["state"] == "moderated":
        settings.output.note("A moderator must approve the download before other users can see it.")
    settings.output.result({"download": data}, f"Created {data['slug']} ({data['state']})\n{data['url']}")


def category_id(hub: Hub, name: str) -> int:
    """Return the id of the category with this slug, name or id, or of the only category if none is named.

    Raises:
        CliError: No category or several match. The hint lists the categories.
    """
    try:
        rows: list[CategoryRow] = catalog.pages(hub, CATEGORIES, "categories", id_field="category_id")
    except HubError as error:
        if name.isascii() and name.isdigit() and error.status == 403:
            return int(name[:18])
        if error.status == 403:
            error.hint = "Add the scope mc_dm_category:read to the key, or use the id of the category."
        raise
    matches = _matches(rows, name.strip())
    if len(matches) == 1:
        return matches[0]["category_id"]
    raise _ambiguous(name, matches or rows, is_known=bool(matches))


def _matches(rows: list[CategoryRow], name: str) -> list[CategoryRow]:
    """Return the matching categories. Slugs and ids are unique and take precedence over names."""
    if not name:
        return rows
    by_slug = [row for row in rows if _slug_of(row) == name.lower()]
    by_number = [row for row in rows if str(row["category_id"]) == name]
    by_title = [row for row in rows if row["title"].casefold() == name.casefold()]
    return by_slug or by_number or by_title


def _ambiguous(name: str, rows: list[CategoryRow], *, is_known: bool) -> CliError:
    if not rows:
        return usage(
            "The hub has no category that this key has access to.", "Ask a moderator of the hub to create one."
        )
    lines = table(("ID", "SLUG", "NAME"), [(row["category_id"], _slug_of(row), row["title"]) for row in rows])
    problem = f"Several categories match {name!r}." if is_known else f"The category {name!r} does not exist."
    return usage(problem if name else "No category was given.", f"Choose one with --category:\n{lines}")


def _slug_of(row: CategoryRow) -> str:
    match = _SLUG_IN_URL.search(row["view_url"])
    return match[1] if match else ""
