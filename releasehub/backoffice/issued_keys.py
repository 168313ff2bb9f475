"""Shared admin classes for keys, which can be issued and revoked but not changed."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.row_actions import RowAction
from releasehub.core.actor import Actor

STATE_COLORS = {
    "active": "success",
    "usable": "success",
    "expired": "warning",
    "used up": "warning",
    "revoked": "danger",
}


def revoking(revoke: Callable[..., object]) -> RowAction:
    """Return the action that revokes keys. The service takes the key as the argument `key`."""
    return RowAction(
        name="revoke",
        label="Revoke",
        done="revoked",
        run=lambda actor, row, reason: revoke(actor=actor, key=row),
        applies=lambda row: row.revoked_at is None,
    )


class IssuedKeyAdmin(ActionAdmin):
    """Show the secret once, on the page after issuing the key."""

    issued_title: str

    def issue(self, actor: Actor, values: dict[str, Any]) -> tuple[models.Model, str]:
        raise NotImplementedError

    def state_of(self, row: Any) -> str:
        raise NotImplementedError

    def extra_context(self, request: HttpRequest, secret: str) -> dict[str, Any]:
        """Return additional template context for the page that shows the secret."""
        return {}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        key, secret = self.issue(actor, values)
        key.secret = secret  # type: ignore[attr-defined]
        return key

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        more = self.extra_context(request, obj.secret)
        return admin_page(
            request, "releasehub/key_issued", self.issued_title, model=self.model, is_secret=True, key=obj, **more
        )

    @display(description="state", label=STATE_COLORS)
    def shown_state(self, row: Any) -> str:
        return self.state_of(row)
