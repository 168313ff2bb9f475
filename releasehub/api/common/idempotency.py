"""`Idempotency-Key`: the same request again gets the same answer, and happens once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import orjson
from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from files.uploads.handlers import StagedFile
from releasehub.api.common.errors import KeyReused
from releasehub.api.common.renderers import OrjsonRenderer
from releasehub.api.models import IdempotentAnswer
from releasehub.apikeys.requests import USER_HEADER, Credential, caller_name
from releasehub.core import encryption
from releasehub.core.actor import Actor
from releasehub.core.policy import ensure_standings, standings_of

HEADER = "Idempotency-Key"
LIFETIME = timedelta(hours=24)
KEPT_HEADERS = ("ETag", "Location", "Cache-Control")
LONGEST_KEY = 200


def answer_once(
    request: Request,
    *,
    actor: Actor,
    prepare: Callable[[], None],
    run: Callable[[], HttpResponseBase],
    on_error: Callable[[Exception], HttpResponseBase],
) -> HttpResponseBase:
    """`run` and the record of its answer commit together. An answer of 500 and above is not kept, nor is its work.

    A refusal commits too: services undo their own changes, and the audit row of a refused deletion has to stay.

    `prepare`: slow work outside the transaction; skipped when the answer is known.

    Raises:
        KeyReused: The key was used with another body.
        NotFound, Denied: The caller has lost the rights under which the request was answered.
    """
    slot = _slot(request)
    fingerprint = _fingerprint(request)
    if known := _find(slot):
        return _replay(known, fingerprint, actor)
    try:
        prepare()
    except Exception:
        if known := _find(slot):  # the same request was answered meanwhile
            return _replay(known, fingerprint, actor)
        raise
    with transaction.atomic():
        mine = _claim(slot, fingerprint)
        if mine is None:
            return _replay(IdempotentAnswer.objects.get(**slot), fingerprint, actor)
        try:
            response = run()
        except Exception as error:
            response = on_error(error)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        else:
            _keep(mine, response, actor)
    return response


def forget_old_answers() -> int:
    """Remove answers older than 24 hours; returns how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()[0]


def _slot(request: Request) -> dict[str, str]:
    key = request.headers[HEADER]
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise ParseError(f"{HEADER} has 1 to {LONGEST_KEY} printable characters.")
    caller = f"{caller_name(cast(Credential, request.auth))} {request.headers.get(USER_HEADER, '')}"
    return {"caller": caller[:80], "route": f"{request.method} {request.path}"[:300], "key": key}


def _fingerprint(request: Request) -> str:
    """SHA-256 of query and body; a file counts by its name and digest."""
    query = sorted(request.query_params.lists())
    body = request.data
    fields = sorted(body.lists()) if hasattr(body, "lists") else body
    text = orjson.dumps([query, fields], default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _plain(value: Any) -> list[str | None]:
    if isinstance(value, StagedFile):
        return [value.name, value.staged.digests.sha256]
    raise TypeError(f"{type(value).__name__} in a request body")


def _find(slot: dict[str, str]) -> IdempotentAnswer | None:
    fresh = timezone.now() - LIFETIME
    return IdempotentAnswer.objects.filter(**slot, created_at__gte=fresh).first()


def _claim(slot: dict[str, str], fingerprint: str) -> IdempotentAnswer | None:
    """None when another request has the slot; on PostgreSQL this waits until that one is done."""
    IdempotentAnswer.objects.filter(**slot, created_at__lt=timezone.now() - LIFETIME).delete()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(**slot, fingerprint=fingerprint)
    except IntegrityError:
        return None


def _keep(answer: IdempotentAnswer, response: HttpResponseBase, actor: Actor) -> None:
    """Store the answer encrypted: whatever it holds (a key, a signed URL), a reader of the database cannot use it."""
    answer.status = response.status_code
    answer.standings = standings_of(actor)
    answer.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = OrjsonRenderer().render(response.data if isinstance(response, Response) else None)
    answer.body = encryption.encrypt(body.decode()).encode()
    answer.save()


def _replay(answer: IdempotentAnswer, fingerprint: str, actor: Actor) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise KeyReused
    ensure_standings(actor, answer.standings)
    body = bytes(answer.body).decode()
    if encryption.is_encrypted(body):  # answers of the last day, from before an upgrade, may be plain
        body = encryption.decrypt(body)
    response = HttpResponse(body, status=answer.status, content_type="application/json", headers=answer.headers)
    response["Idempotent-Replayed"] = "true"
    return response
