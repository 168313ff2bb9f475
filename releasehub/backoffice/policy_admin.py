"""The base class of the admin of rows that a policy protects."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.http import HttpRequest

from releasehub.backoffice.base import HubAdmin, admin_actor
from releasehub.core.database_errors import domain_error_of
from releasehub.core.policy import Policy

Row = TypeVar("Row")


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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = self.model.all_objects.visible_to(admin_actor(request))
        # Choices in forms have no other order, and without one their pages may repeat and skip rows.
        return rows.order_by(*(self.get_ordering(request) or self.model._meta.ordering or ("-pk",)))


def each_row(
    request: HttpRequest,
    rows: Iterable[Row],
    act: Callable[[Row], object],
    result: str,
    name_of: Callable[[Row], str] = str,
) -> list[Row]:
    """Run `act` on each row separately, show how many succeeded and the error of every other row, and return those."""
    worked, refused = 0, []
    for row in rows:
        try:
            act(row)
            worked += 1
        except Exception as error:
            refusal = domain_error_of(error)
            if refusal is None:
                raise
            messages.error(request, f"{name_of(row)}: {refusal.message}")
            refused.append(row)
    if worked:
        messages.success(request, f"{worked} {result}.")
    return refused
