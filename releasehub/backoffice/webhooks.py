"""Admin of webhook endpoints and their deliveries."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from downloads.models import Download
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.attempt_chart import AttemptChartMixin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.permissions import manages_webhooks, may_read_webhooks
from releasehub.backoffice.row_actions import RowAction
from releasehub.backoffice.webhook_endpoint_form import EndpointAdminForm
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.webhooks import endpoint_secrets, endpoint_states, endpoints, replays
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import administered_organizations, endpoints_readable_in_admin

STATE_COLORS = {"sending": "success", "paused": "warning", "disabled": "danger", "off": "info"}


def rotate(actor: Actor, row: Endpoint, reason: str) -> None:
    row.secret = endpoint_secrets.rotate_secret(actor=actor, endpoint=row)  # type: ignore[attr-defined]


@admin.register(Endpoint)
class EndpointAdmin(AttemptChartMixin, ActionAdmin):
    """Show the secret once, on the page after creating the endpoint."""

    form = EndpointAdminForm
    policy = endpoint_policy
    list_display = ("url", "title", "format", "organization", "download_id", "shown_state", "failing_since")
    list_filter = ("format", "is_active", ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("url", "title", "description", "public_id")
    autocomplete_fields = ("organization",)
    row_actions = (
        RowAction(
            name="test",
            label="Send test event",
            done="test event queued",
            run=lambda actor, row, reason: endpoint_states.send_test_event(actor=actor, endpoint=row),
            applies=lambda row: not row.is_paused,
            question="change",
        ),
        RowAction(
            name="pause",
            label="Pause",
            done="paused",
            run=lambda actor, row, reason: endpoint_states.pause_endpoint(actor=actor, endpoint=row, reason=reason),
            applies=lambda row: not row.is_paused,
            question="change",
            wants_reason=True,
        ),
        RowAction(
            name="resume",
            label="Resume",
            done="resumed",
            run=lambda actor, row, reason: endpoint_states.resume_endpoint(actor=actor, endpoint=row),
            applies=lambda row: row.is_paused or row.is_disabled,
            question="change",
        ),
        RowAction(
            name="rotate-secret",
            label="Create new secret",
            done="updated with a new secret",
            run=rotate,
            question="change",
        ),
        RowAction(
            name="replay-failed",
            label="Retry failed deliveries",
            done="replayed",
            run=lambda actor, row, reason: replays.replay_failed(actor=actor, endpoint=row),
            applies=lambda row: not row.is_paused,
            question="change",
        ),
        RowAction(
            name="delete",
            label="Delete with all deliveries",
            done="deleted",
            run=lambda actor, row, reason: endpoints.delete_endpoint(actor=actor, endpoint=row),
            question="change",
            erases=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return endpoints_readable_in_admin(admin_actor(request)).order_by("-id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow users who manage the site, an organization or a download. The service checks the selected owner."""
        return self.has_module_permission(request) and manages_webhooks(admin_actor(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = administered_organizations(admin_actor(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = admin_actor(request)
        if obj is not None:
            return endpoint_policy.can_read_in_admin(actor, obj)
        return self.has_module_permission(request) and may_read_webhooks(actor)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_view_permission(request)
        return endpoint_policy.can_change(admin_actor(request), obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("organization", "download_id", "attempt_chart") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [name for name in super().get_fields(request, obj) if name != "attempt_chart"]
        return ["attempt_chart", *fields] if obj else fields

    def create(self, actor: Actor, values: dict[str, Any]) -> Endpoint:
        """Create the endpoint.

        The error is the same for a download that does not exist and for one that the user does not manage, so that the
        form does not reveal private downloads.
        """
        download_id, organization = values["download_id"], values["organization"]
        is_managed = endpoint_policy.can_manage_scope(
            actor, organization_id=organization and organization.pk, download_id=download_id
        )
        if download_id is not None and not (is_managed and Download.objects.filter(pk=download_id).exists()):
            message = "This download does not exist, or you do not manage its webhooks. Check the ID."
            raise Invalid(message, field="download_id")
        endpoint, secret = endpoints.create_endpoint(actor=actor, **values)
        endpoint.secret = secret  # type: ignore[attr-defined]
        return endpoint

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        endpoints.update_endpoint(actor=actor, endpoint=obj, **values)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._secrets(request, [obj])

    def afterwards(self, request: HttpRequest, rows: list[Any], action: RowAction) -> HttpResponse | None:
        rotated = [row for row in rows if hasattr(row, "secret")]
        return self._secrets(request, rotated) if rotated else None

    def _secrets(self, request: HttpRequest, rows: list[Any]) -> HttpResponse:
        """Show the new secrets. This is the only page that shows them."""
        return admin_page(request, "releasehub/secrets", "Secrets", model=self.model, is_secret=True, endpoints=rows)

    def typed_name(self, row: Any) -> str:
        return str(row.url)

    @display(description="state", label=STATE_COLORS)
    def shown_state(self, row: Endpoint) -> str:
        return str(row.state)
