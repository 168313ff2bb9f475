"""Run the action of a request: a write once per `Idempotency-Key`, and with `If-Match` in one transaction."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common import idempotency
from releasehub.core.actor import Actor, Origin
from releasehub.core.anonymous_cache import has_credentials
from releasehub.core.cluster.replica import read_from_replica
from releasehub.core.requests import request_details

Handler = Callable[..., HttpResponseBase]


class ActionMixin(GenericViewSet[Any]):
    """The actor of a request, and the steps that run its action.

    Attributes:
        replica_actions: Actions that read from a replica of the database for anonymous visitors. An action that sends
            or counts the bytes of a file must not be among them, because a quarantine blocks these bytes at once.
    """

    replica_actions: ClassVar[frozenset[str]] = frozenset()

    @property
    def actor(self) -> Actor:
        """The actor that the key or token names, or an anonymous one."""
        if isinstance(self.request.user, Actor):
            return self.request.user
        anonymous: Actor | None = getattr(self, "_anonymous", None)
        if anonymous is None:
            anonymous = self._anonymous = Actor(origin=Origin.API, **request_details(self.request._request))
        return anonymous

    @property
    def may_read_from_replica(self) -> bool:
        """Return whether this is an anonymous request for an action whose response may be a moment old."""
        request: Any = self.request
        return self.action in self.replica_actions and request.auth is None and not has_credentials(request._request)

    def get_handler(self, request: Request) -> Handler:
        """Return the method that `urls.py` maps to the HTTP method of the request."""
        method = (request.method or "").lower()
        handler: Handler = self.http_method_not_allowed
        if method in self.http_method_names:
            handler = getattr(self, method, handler)
        return handler

    def run_action(self, handler: Handler) -> HttpResponseBase:
        """Run a read directly; run a write once per `Idempotency-Key`, with `prepare` before it."""
        run = partial(handler, self.request, *self.args, **self.kwargs)
        if self.action is None or self.request.method in SAFE_METHODS:  # without an action, `run` refuses the method
            return read_from_replica(run) if self.may_read_from_replica else run()
        run = partial(self._run_write, run)
        # An anonymous caller has no identity under which a response could be stored and returned again.
        if idempotency.HEADER in self.request.headers and self.request.auth is not None:
            return idempotency.answer_once(
                self.request, actor=self.actor, prepare=self.prepare, run=run, on_error=self.handle_exception
            )
        self.prepare()
        return run()

    def _run_write(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """Run a write; with `If-Match` in one transaction, so that the check and the change hold the same row lock.

        Without `If-Match`, services open their own transactions, which are shorter.
        """
        if "If-Match" not in self.request.headers:
            return run()
        with transaction.atomic():
            try:
                return run()
            except Exception as error:
                response = self.handle_exception(error)
                # A refusal still commits: the audit row of a refused deletion has to stay.
                transaction.set_rollback(response.status_code >= 500)
                return response

    def prepare(self) -> None:
        """Do slow work, such as storage calls and name lookups, before the transaction of a write begins."""
