"""Admin actions on one or several rows.

An action may ask for a reason. An action that cannot be undone asks the user to type the name of the row.
"""

from collections.abc import Iterable
from functools import partial, reduce
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from downloads.access import load_access
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.confirming import ask_for_password
from releasehub.backoffice.pages import admin_page, model_url
from releasehub.backoffice.policy_admin import PolicyModelAdmin, each_row
from releasehub.backoffice.row_actions import RowAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.models import SoftDeleteModel
from releasehub.publishing.erasure_preview import ErasurePreview, preview_rows

ROWS_ATTRIBUTE = "releasehub_listed_rows"


class ActionAdmin(PolicyModelAdmin):
    """An admin class whose `row_actions` appear in the menu of the list and as buttons on the page of a row.

    Both use the same confirmation page, and both show an action only if it applies and the policy allows it.
    `download_path` contains the attributes that lead from a row to the ID of its download. A list uses it to load the
    user's roles in all its downloads with one query.
    """

    row_actions: tuple[RowAction, ...] = ()
    download_path: tuple[str, ...] = ()
    change_form_outer_before_template = "admin/releasehub/buttons.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions that at least one row of the page allows, or all actions if the page is not known yet."""
        rows = getattr(request, ROWS_ATTRIBUTE, None)
        actor = admin_actor(request)
        if rows is not None and self.download_path:
            load_access(actor, {reduce(getattr, self.download_path, row) for row in rows})
        return {
            action.name: (partial(self._from_list, action=action), action.name, action.label)
            for action in self.row_actions
            if rows is None or any(self.offers(actor, action, row) for row in rows)
        }

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        setattr(request, ROWS_ATTRIBUTE, list(changelist.result_list))
        return changelist

    def offers(self, actor: Actor, action: RowAction, row: Any) -> bool:
        return action.applies(row) and self.policy.allows(action.question or action.name, actor, row, **action.options)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        route = path("<int:pk>/act/<slug:name>/", self.admin_site.admin_view(self.act_view), name=name)
        return [route, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None and obj.pk:
            context["row_actions"] = [
                (action, model_url(self.model, "act", obj.pk, action.name))
                for action in self.row_actions
                if self.offers(admin_actor(request), action, obj)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Run an action on one row, as the menu of the list does for several rows."""
        action = next((action for action in self.row_actions if action.name == name), None)
        rows = self.get_queryset(request).filter(pk=pk)
        if action is None or not rows:
            raise Http404
        answer = self._run_confirmed(request, rows, action)
        is_left = self.get_queryset(request).filter(pk=pk).exists()
        name, args = ("change", [pk]) if is_left else ("changelist", [])
        return answer or HttpResponseRedirect(model_url(self.model, name, *args))

    def _from_list(self, _: Any, request: HttpRequest, rows: Any, *, action: RowAction) -> HttpResponse | None:
        return self._run_confirmed(request, rows, action)

    def _run_confirmed(self, request: HttpRequest, rows: Any, action: RowAction) -> HttpResponse | None:
        """Ask for confirmation, then run the action on the rows that offer it.

        Return None if there is no page to show, so that Django returns to the list.
        """
        rows = list(rows)
        if "confirmed" not in request.POST:
            rows = self._offering(request, rows, action)
            if not rows:
                return None
        expected = self.confirmation(rows) if action.erases else ""
        typed = request.POST.get("confirmation", "")
        if request.method != "POST" or "confirmed" not in request.POST or typed.strip() != expected:
            return self._ask(request, rows, action, expected, is_wrong="confirmed" in request.POST)
        if action.asks_password:
            ask_for_password(request)
        # The rows may have changed since the question was asked. The services check state and permission again.
        each_row(request, rows, partial(_run, request, action), action.done, self.shown_name)
        return self.afterwards(request, rows, action)

    def _offering(self, request: HttpRequest, rows: Iterable[Any], action: RowAction) -> list[Any]:
        """Return the rows that offer the action, and tell the user about the others."""
        actor, offering = admin_actor(request), []
        for row in rows:
            if self.offers(actor, action, row):
                offering.append(row)
            else:
                message = (
                    f"{self.shown_name(row)}: “{action.label}” is not possible in the current state, or you do not "
                    "have permission for it."
                )
                self.message_user(request, message, messages.WARNING)
        return offering

    def afterwards(self, request: HttpRequest, rows: list[Any], action: RowAction) -> HttpResponse | None:
        """Return a page that shows the result of the action, or None if there is nothing to show."""
        return None

    def _ask(
        self, request: HttpRequest, rows: list[Any], action: RowAction, expected: str, *, is_wrong: bool
    ) -> HttpResponse:
        return admin_page(
            request,
            "releasehub/confirm",
            action.label,
            model=self.model,
            action=action,
            rows=[(row.pk, self.shown_name(row), action.stamp(row)) for row in rows],
            expected=expected,
            preview=self.preview(rows) if action.erases else None,
            is_wrong=is_wrong,
            checkbox_name=ACTION_CHECKBOX_NAME,
            cancel_url=self._way_back(request, rows),
        )

    def preview(self, rows: list[Any]) -> ErasurePreview | None:
        """Return what erasing the rows takes along, for the page that asks for confirmation.

        None for rows that take nothing along that people know, such as categories, which have to be empty.
        """
        if not issubclass(self.model, SoftDeleteModel):
            return None
        return preview_rows(self.model.all_objects.filter(pk__in=[row.pk for row in rows]))

    def _way_back(self, request: HttpRequest, rows: list[Any]) -> str:
        """Return where the user came from: the page of the row, or the list with its filters and search."""
        match = request.resolver_match
        if match is not None and "pk" in match.kwargs:
            return model_url(self.model, "change", rows[0].pk)
        return request.get_full_path()

    def confirmation(self, rows: list[Any]) -> str:
        """Return the text that the user has to type before rows are erased."""
        return self.typed_name(rows[0]) if len(rows) == 1 else f"delete {len(rows)}"

    def shown_name(self, row: Any) -> str:
        return str(row)

    def typed_name(self, row: Any) -> str:
        return str(row)


def _run(request: HttpRequest, action: RowAction, row: Any) -> None:
    """Run a confirmed action on the row, unless what it decides about has changed since the confirmation page."""
    act = partial(action.run, admin_actor(request), row, request.POST.get("reason", ""))
    seen = request.POST.get(f"seen-{row.pk}", "")
    if not seen:  # Some services record a refusal, which a transaction around them would roll back.
        act()
        return
    with transaction.atomic():
        if seen != action.stamp(row):
            message = "This was changed after you opened the page. Look at it again, then decide."
            raise Conflict(ErrorCode.CONFLICT, message)
        act()
