"""The base class of the admin of rows that a policy protects."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest

from releasehub.backoffice.base import HubAdmin, admin_actor
from releasehub.core.database_errors import domain_error_of
from releasehub.core.policy import Policy


class PolicyModelAdmin(HubAdmin):
    """An admin class whose `policy` decides about the permissions for a row.

    The list contains all rows that the actor may see, including deleted ones.
    """

    policy: ClassVar[Policy[Any]]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request) and (obj is None or self.policy.can_view(admin_actor(request), obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not self.has_view_permission(request, obj):
            return False
        return obj is None or bool(self.policy.can_edit(admin_actor(request), obj))  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = self.model.all_objects.visible_to(admin_actor(request))
        # Choices in forms have no other order, and without one their pages may repeat and skip rows.
        return rows.order_by(*(self.get_ordering(request) or self.model._meta.ordering or ("-pk",)))

    def each(self, request: HttpRequest, rows: Any, act: Callable[[Any], object], result: str) -> None:
        """Run `act` on each row separately, then show how many rows succeeded and the error of every other row."""
        worked = 0
        for row in rows:
            try:
                act(row)
                worked += 1
            except Exception as error:
                refusal = domain_error_of(error)
                if refusal is None:
                    raise
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
        if worked:
            self.message_user(request, f"{worked} {result}.", messages.SUCCESS)
