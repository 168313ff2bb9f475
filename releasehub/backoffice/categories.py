"""Admin of categories."""

from operator import attrgetter
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminNullBooleanSelectWidget

from downloads import services
from downloads.models import Category
from downloads.policies import category_policy
from downloads.warning_kinds import WARNING_KINDS
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.row_actions import RowAction
from releasehub.core.actor import Actor

NONE_OF_THEM = "none"


class RejectedWarningsField(forms.MultipleChoiceField):
    """Checkboxes for the kinds of warnings, and one to reject none of them.

    The value is None if nothing is selected, so that the category inherits the rule.
    """

    default_error_messages = {"contradiction": "Select either warnings, or that none of them rejects a file."}

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=[*WARNING_KINDS.items(), (NONE_OF_THEM, "None of these, even if the parent rejects some")],
            required=False,
            label="Reject these",
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="Without a selection, the rule of the parent applies. A category without a rule rejects none.",
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        return [NONE_OF_THEM] if value == [] else value

    def clean(self, value: Any) -> list[str] | None:
        codes: list[str] = super().clean(value)
        if NONE_OF_THEM in codes and len(codes) > 1:
            raise forms.ValidationError(self.error_messages["contradiction"], code="contradiction")
        return _meaning(codes)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != _meaning(data or []))


def _meaning(codes: list[str]) -> list[str] | None:
    return [code for code in codes if code != NONE_OF_THEM] if codes else None


INHERITED_CHOICES = (("unknown", "As the parent"), ("true", "Yes"), ("false", "No"))


@admin.register(Category)
class CategoryAdmin(ActionAdmin):
    policy = category_policy
    view_on_site = attrgetter("path")
    list_display = ("title", "parent", "display_order", "is_members_only", "requires_approval")
    list_select_related = ("parent",)
    search_fields = ("title", "slug")
    autocomplete_fields = ("parent",)
    word_fields: ClassVar[Any] = {"allowed_extensions": ()}
    markdown_fields = ("description",)
    fieldsets = (
        (None, {"fields": ("title", "slug", "parent", "description", "display_order", "icon", "color")}),
        (
            "Rules (empty fields are inherited from the parent)",
            {
                "fields": (
                    "accepts_downloads",
                    "requires_approval",
                    "has_versioning",
                    "members_only",
                    "allows_comments",
                    "allows_reviews",
                    "comments_need_approval",
                    "holds_first_posts",
                    "allows_external_links",
                    "allowed_extensions",
                    "max_file_bytes",
                    "max_version_bytes",
                    "max_download_bytes",
                    "max_files_per_version",
                    "rejected_warnings",
                )
            },
        ),
    )
    row_actions = (
        RowAction(
            name="erase",
            label="Delete permanently",
            done="permanently deleted",
            run=lambda actor, row, reason: services.delete_category(actor=actor, category=row, reason=reason),
            question="delete",
            erases=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return Category.objects.visible_to(admin_actor(request)).order_by("display_order", "title")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return category_policy.can_create(admin_actor(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "slug" in form.base_fields and obj is None:
            form.base_fields["slug"].required = False
            form.base_fields["slug"].help_text = "Leave empty to create the slug from the title."
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "rejected_warnings":
            return RejectedWarningsField()
        if isinstance(db_field, models.BooleanField) and db_field.null:
            field: Any = db_field.formfield(widget=UnfoldAdminNullBooleanSelectWidget)
            field.widget.choices = INHERITED_CHOICES
            return field
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        return services.create_category(actor=actor, **values)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        services.update_category(actor=actor, category=Category.objects.get(pk=obj.pk), **values)
