"""Buttons of a page that do something with one row, each under a name in the URL."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, NotFound
from releasehub.pages.errors import show_refusal

Row = TypeVar("Row")


def run_named_action(request: HttpRequest, action: Callable[[Actor, Row], str] | None, actor: Actor, row: Row) -> None:
    """Run the action, and show its message or the reason why the state of the row does not allow it.

    Raises:
        NotFound: The URL names no action.
    """
    if action is None:
        raise NotFound
    try:
        messages.success(request, action(actor, row))
    except Conflict as error:
        show_refusal(request, error)
