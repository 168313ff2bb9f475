"""Pages of the admin beside those of Django."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse


def admin_page(
    request: HttpRequest,
    template: str,
    title: str,
    *,
    model: type[Model] | None = None,
    status: int = 200,
    is_secret: bool = False,
    **context: Any,
) -> TemplateResponse:
    """Return a page in the frame of the admin, below the list of the model if it belongs to one.

    No cache may store a secret page.
    """
    frame = admin.site.each_context(request) | {"title": title} | ({"opts": model._meta} if model else {})
    headers = {"Cache-Control": "no-store"} if is_secret else None
    return TemplateResponse(request, f"admin/{template}.html", frame | context, status=status, headers=headers)


def model_url(model: type[Model] | Model, page: str, *args: object) -> str:
    """Return the URL of a page that the admin class of the model has, such as `change` or `changelist`."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
