"""Paths of the pages that list the downloads of an author, an organization or a tag.

Names and tags may contain any character, so they are quoted here instead of matched by a URL converter.
"""

from urllib.parse import quote

from releasehub.accounts.models import Organization, User


def author_path(user: User) -> str:
    return f"/authors/{quote(user.get_username(), safe='@')}/"


def organization_path(organization: Organization) -> str:
    return f"/organizations/{quote(organization.slug)}/"


def tag_path(tag: str) -> str:
    return f"/tags/{quote(str(tag), safe='')}/"
