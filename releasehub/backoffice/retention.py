"""Admin of retention rules: a rule is saved only after a preview of what it deletes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.deleted_items import DeletedItemsMixin
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.core.actor import Actor
from releasehub.publishing.models import RetentionRule, RetentionRun
from releasehub.publishing.retention.policies import retention_policy
from releasehub.publishing.retention.services import (
    CONDITIONS,
    create_rule,
    delete_rule,
    draft_rule,
    preview_rule,
    update_rule,
)
from releasehub.publishing.retention.texts import describe

TARGETS = ("category", "download")


@admin.register(RetentionRule)
class RetentionRuleAdmin(DeletedItemsMixin):
    policy = retention_policy
    list_display = ("target", "conditions", "is_active", "updated_at")
    list_select_related = ("category", "download")
    search_fields = ("category__title", "download__title", "download__slug")
    autocomplete_fields = TARGETS
    fieldsets = (
        ("Applies to", {"fields": TARGETS, "description": "Choose either a category or a download. The rule of a "
                        "download takes precedence over the one of its category, and that over the one of a parent."}),
        ("A version is deleted if it meets all of these conditions",
         {"fields": ("keep_newest", "line_parts", "min_age_days", "idle_days")}),
        (None, {"fields": ("is_active",)}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return RetentionRule.objects.order_by("id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return retention_policy.can_list(admin_actor(request))

    has_module_permission = has_view_permission

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return retention_policy.can_create(admin_actor(request))

    has_add_permission = has_change_permission
    has_delete_permission = has_change_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return TARGETS if obj else ()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what a valid rule would delete, before the second request saves it."""
        if request.method == "POST" and "previewed" not in request.POST and self.has_add_permission(request):
            rule = self.get_object(request, object_id) if object_id else None
            form = self.get_form(request, rule, change=rule is not None)(request.POST, instance=rule)
            if form.is_valid() and (rule or _one_target(form.cleaned_data)):
                return self._preview_page(request, rule, form.cleaned_data)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _preview_page(self, request: HttpRequest, rule: Any, values: dict[str, Any]) -> HttpResponse:
        tried = rule or draft_rule(**values)
        for name in CONDITIONS:
            setattr(tried, name, values.get(name, getattr(tried, name)))
        return admin_page(
            request,
            "releasehub/rule_preview",
            "What this rule deletes",
            model=self.model,
            preview=preview_rule(tried),
            sentence=describe(tried),
            rule=tried,
            posted=[(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"],
        )

    def create(self, actor: Actor, values: dict[str, Any]) -> RetentionRule:
        return create_rule(actor=actor, **values)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        update_rule(actor=actor, rule=obj, **values)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_rule(actor=admin_actor(request), rule=obj)

    @display(description="applies to")
    def target(self, row: RetentionRule) -> str:
        return f"download {row.download}" if row.download else f"category {row.category}"

    @display(description="conditions")
    def conditions(self, row: RetentionRule) -> str:
        return describe(row)


def _one_target(values: dict[str, Any]) -> bool:
    return (values.get("category") is None) != (values.get("download") is None)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "finished_at", "deleted_count")
