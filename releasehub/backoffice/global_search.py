"""The search over everything: a page with the rows that match a text, by kind.

Each kind has one query that an index answers. The rows come from the admin classes, so staff find exactly what they may
open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from downloads.models import AccessKey, Category, Download
from files.models import File, UploadSession
from files.names import fold_name
from releasehub.accounts.models import Organization, User
from releasehub.apikeys.models import ApiKey
from releasehub.audit.models import AuditEntry
from releasehub.backoffice.pages import admin_page, model_url
from releasehub.community.models import Comment, Review
from releasehub.core.clean import strip_controls
from releasehub.search.index import ranked
from releasehub.search.words import query_words
from releasehub.webhooks.models import Endpoint, Event
from versions.models import Version

MAX_RESULTS = 10  # results of each kind
MAX_TEXT_CHARACTERS = 300
DIGEST_CHARACTERS = frozenset({64, 128})  # SHA-256 and SHA-512 in hexadecimal digits
KEY_CHARACTERS = 8  # the stored beginning of a key, by which people recognize it


@dataclass(frozen=True)
class FoundKind:
    """One kind of result.

    Attributes:
        narrow: Returns the rows that the text stands for, or None if it cannot stand for one of this kind.
    """

    model: type[Model]
    narrow: Callable[[Any, str], Any]


def by_fields(*names: str) -> Callable[[Any, str], Any]:
    """Return a function that finds rows in which one of the fields is exactly the text."""

    def narrow(rows: Any, text: str) -> Any:
        condition = Q()
        for name in names:
            condition |= Q(**{name: text})
        return rows.filter(condition)

    return narrow


def downloads(rows: Any, text: str) -> Any:
    """Find downloads by slug, public ID, and words of their name with the full-text index."""
    words = query_words(text)
    found = ranked(words, rows.order_by(), MAX_RESULTS) if words else []
    return rows.filter(Q(pk__in=found) | Q(slug=text) | Q(public_id=text))


def versions(rows: Any, text: str) -> Any:
    """Find versions by their number, with or without the v of a tag."""
    return rows.filter(Q(number__in={text, text.removeprefix("v")}) | Q(public_id=text))


def files(rows: Any, text: str) -> Any:
    """Find files by name, public ID, and the digest of their bytes."""
    if is_digest(text):
        return rows.with_digest(text.lower())
    return rows.filter(Q(folded_name=fold_name(text)) | Q(public_id=text))


def users(rows: Any, text: str) -> Any:
    condition = Q(username=text) | Q(public_id=text)
    if "@" in text:
        rows, condition = rows.annotate(lower_email=Lower("email")), condition | Q(lower_email=text.lower())
    return rows.filter(condition)


def keys(rows: Any, text: str) -> Any:
    """Find keys by their first characters. A whole key is a secret, which must not stand in a URL."""
    return rows.filter(prefix=text) if len(text) == KEY_CHARACTERS else None


def audit_entries(rows: Any, text: str) -> Any:
    return rows.filter(request_id=text)


def is_digest(text: str) -> bool:
    return len(text) in DIGEST_CHARACTERS and all(letter in "0123456789abcdef" for letter in text.lower())


KINDS = (
    FoundKind(Download, downloads),
    FoundKind(Version, versions),
    FoundKind(File, files),
    FoundKind(User, users),
    FoundKind(Organization, by_fields("slug", "name", "public_id")),
    FoundKind(Category, by_fields("slug")),
    FoundKind(ApiKey, keys),
    FoundKind(AccessKey, keys),
    FoundKind(Comment, by_fields("public_id")),
    FoundKind(Review, by_fields("public_id")),
    FoundKind(Endpoint, by_fields("public_id")),
    FoundKind(Event, by_fields("public_id")),
    FoundKind(UploadSession, by_fields("public_id")),
    FoundKind(AuditEntry, audit_entries),
)


@dataclass(frozen=True)
class Found:
    """The results of one kind: pairs of a text and a URL. `has_more` says that there are others."""

    title: str
    rows: list[tuple[str, str]]
    has_more: bool


@require_safe
def find_view(request: HttpRequest) -> HttpResponse:
    """Show the rows that match the text, by kind. The number of queries does not depend on the number of rows."""
    text = strip_controls(request.GET.get("q", "")).strip()[:MAX_TEXT_CHARACTERS]
    results = [found for kind in KINDS if (found := find(request, kind, text))] if text else []
    return admin_page(request, "releasehub/find", "Search", text=text, results=results)


def find(request: HttpRequest, kind: FoundKind, text: str) -> Found | None:
    model_admin: Any = admin.site.get_model_admin(kind.model)
    if not model_admin.has_view_or_change_permission(request):
        return None
    narrowed = kind.narrow(model_admin.get_queryset(request), text)
    if narrowed is None:
        return None
    if related := model_admin.list_select_related:
        narrowed = narrowed.select_related(*related)
    rows = list(narrowed.order_by("-pk")[: MAX_RESULTS + 1])
    shown = [(str(row), model_url(row, "change", row.pk)) for row in rows[:MAX_RESULTS]]
    title = capfirst(str(kind.model._meta.verbose_name_plural))
    return Found(title, shown, len(rows) > MAX_RESULTS) if rows else None
