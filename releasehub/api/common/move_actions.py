"""Actions of view sets that carry out a transition of a version."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.publishing.transitions import Move


def move_action(transition: Move, **options: Any) -> Any:
    """Return the action with the name of the transition, which calls the method `move` of its view set."""

    def act(view: Any, request: Request, **kwargs: str) -> Response:
        moved: Response = view.move(transition, **options)
        return moved

    act.__name__ = transition.value
    return action(detail=True, methods=["post"])(act)
