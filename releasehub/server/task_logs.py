"""The request id in tasks: a task logs and records the id of the request that caused it.

Each message to a worker carries the id in a header of its own. A scheduled task has no request, so it gets its own id.
"""

from contextvars import Token
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from releasehub.core.logs import NO_REQUEST, request_id

HEADER = "releasehub_request_id"
_tokens: dict[str, Token[str]] = {}


def connect() -> None:
    """Start to pass on ids. The module that creates the Celery application calls this once."""
    before_task_publish.connect(_send, dispatch_uid="task_logs")
    task_prerun.connect(_begin, dispatch_uid="task_logs")
    task_postrun.connect(_end, dispatch_uid="task_logs")


def _send(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and (current := request_id.get()) != NO_REQUEST:
        headers[HEADER] = current


def _begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Set the id. A task that is called without a message, as in a test, keeps the id of its caller."""
    sent = task.request.get(HEADER) if task is not None else None
    if sent or request_id.get() == NO_REQUEST:
        _tokens[task_id] = request_id.set(sent or task_id)


def _end(task_id: str = "", **_: Any) -> None:
    if token := _tokens.pop(task_id, None):
        request_id.reset(token)
