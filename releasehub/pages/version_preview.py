"""The preview that a preview link shows: the notes and the files of a version that is not published yet."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from files.names import fold_name
from files.primary import preference
from releasehub.core.errors import DomainError
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.links import file_path, version_path
from releasehub.distribution.pictures import PRIVATE, WEBP, serve_image
from releasehub.distribution.preview_links import files_in_preview, open_preview, picture_in_preview, serve_preview_file
from releasehub.markdown.rendering import render_markdown
from releasehub.pages.errors import error_response
from releasehub.pages.parameters import page_of_rows
from releasehub.pages.releases import FILES_PER_PAGE
from releasehub.pages.secret_urls import keep_secret
from releasehub.pages.viewers import viewer_of

View = Callable[..., HttpResponseBase]


def has_secret_url(view: View) -> View:
    """Decorate a view so that the URLs of all its responses stay secret, those of its error pages included."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return keep_secret(view(request, *args, **kwargs))
        except DomainError as error:
            return keep_secret(error_response(request, error))

    return wrapped


@require_safe
@has_secret_url
def preview(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Show the version. Once it is published, its own page decides who sees it."""
    key, version = open_preview(secret)
    if version.is_released:
        return redirect(version_path(version))
    files = sorted(
        files_in_preview(version).select_related("blob").order_by(),
        key=lambda file: (not file.is_primary, preference(file)),
    )
    context = {
        "key": key,
        "secret": secret,
        "version": version,
        "download": version.download,
        "page": page_of_rows(request, files, per_page=FILES_PER_PAGE),
        "notes": [_notes(secret, text) for text in (version.release_notes, version.changelog) if text],
    }
    return render(request, "pages/preview.html", context)


@require_safe
@has_secret_url
def preview_file(request: HttpRequest, secret: str, filename: str) -> HttpResponseBase:
    """Serve one file of the preview, or lead to its permanent link once the version is published."""
    key, version = open_preview(secret)
    file = first_or_not_found(files_in_preview(version).select_related("blob").filter(folded_name=fold_name(filename)))
    file.version = version
    if version.is_released:
        return redirect(file_path(file))
    return serve_preview_file(request, viewer_of(request), key, file)


@require_safe
@has_secret_url
def preview_picture(request: HttpRequest, secret: str, public_id: str, width: int, digest: str) -> HttpResponseBase:
    """Serve a picture in the notes, which visitors may not see yet."""
    _, version = open_preview(secret)
    return serve_image(request, picture_in_preview(version, public_id, width, digest).blob, WEBP, PRIVATE)


def _notes(secret: str, text: str) -> SafeString:
    """Return the notes as HTML, with the pictures that this link shows."""
    path = reverse("pages:preview", args=[secret])
    return mark_safe(render_markdown(text).replace('src="/pictures/', f'src="{path}pictures/'))  # noqa: S308 - cleaned
