"""`Idempotency-Key`: a request that is sent again gets the stored response of the first one, and has no effect."""

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

from files.uploads.handlers import ReceivedFile
from releasehub.api.common.errors import KeyReused
from releasehub.api.common.renderers import OrjsonRenderer
from releasehub.api.models import IdempotentAnswer
from releasehub.apikeys.requests import USER_HEADER, Credential, caller_name
from releasehub.core import encryption
from releasehub.core.actor import Actor
from releasehub.core.policy import ensure_standings, standings_of

HEADER = "Idempotency-Key"
LIFETIME = timedelta(hours=24)
STORED_HEADERS = ("ETag", "Location", "Cache-Control")
MAX_KEY_CHARACTERS = 200


def answer_once(
    request: Request,
    *,
    actor: Actor,
    prepare: Callable[[], None],
    run: Callable[[], HttpResponseBase],
    on_error: Callable[[Exception], HttpResponseBase],
) -> HttpResponseBase:
    """Run a request once, and return its stored response when it is sent again with the same key.

    The change and the record of its response are committed in one transaction. With a response of 500 or above, both
    are rolled back. An error below 500 is committed: services undo their own changes, and the audit row of a refused
    deletion has to stay.

    Args:
        prepare: Slow work outside of the transaction, which is skipped if a response is stored.

    Raises:
        KeyReused: The key was used for another request.
        NotFound, Denied: The caller has lost the permissions under which the request was answered.
    """
    slot = _slot(request)
    fingerprint = _fingerprint(request)
    if record := _find(slot):
        return _replay(record, fingerprint, actor)
    try:
        prepare()
    except Exception:
        if record := _find(slot):  # the same request has finished in the meantime
            return _replay(record, fingerprint, actor)
        raise
    with transaction.atomic():
        # The claim comes before the action, so that a parallel request with the same key waits and then gets this
        # response.
        record = _claim(slot, fingerprint)
        if record is None:
            return _replay(IdempotentAnswer.objects.get(**slot), fingerprint, actor)
        try:
            response = run()
        except Exception as error:
            response = on_error(error)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        else:
            _store(record, response, actor)
    return response


def delete_old_answers() -> int:
    """Delete responses older than 24 hours, and return their number."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()[0]


def _slot(request: Request) -> dict[str, str]:
    key = request.headers[HEADER]
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
        raise ParseError(f"{HEADER} must have 1 to {MAX_KEY_CHARACTERS} printable characters.")
    caller = f"{caller_name(cast(Credential, request.auth))} {request.headers.get(USER_HEADER, '')}"
    return {"caller": caller[:80], "route": f"{request.method} {request.path}"[:300], "key": key}


def _fingerprint(request: Request) -> str:
    """Return the SHA-256 of query and body, in which a file is represented by its name and checksum."""
    query = sorted(request.query_params.lists())
    body = request.data
    fields = sorted(body.lists()) if hasattr(body, "lists") else body
    text = orjson.dumps([query, fields], default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _plain(value: Any) -> list[str | None]:
    if isinstance(value, ReceivedFile):
        return [value.name, value.staged.digests.sha256]
    raise TypeError(f"{type(value).__name__} in a request body")


def _find(slot: dict[str, str]) -> IdempotentAnswer | None:
    fresh = timezone.now() - LIFETIME
    return IdempotentAnswer.objects.filter(**slot, created_at__gte=fresh).first()


def _claim(slot: dict[str, str], fingerprint: str) -> IdempotentAnswer | None:
    """Claim the key for this request, or return None if another request has claimed it.

    The unique constraint decides. On PostgreSQL, the insertion waits until the transaction of the other request ends.
    """
    IdempotentAnswer.objects.filter(**slot, created_at__lt=timezone.now() - LIFETIME).delete()
    try:
        # A savepoint: after an IntegrityError, PostgreSQL would refuse every other query in the outer transaction.
        with transaction.atomic():
            return IdempotentAnswer.objects.create(**slot, fingerprint=fingerprint)
    except IntegrityError:
        return None


def _store(answer: IdempotentAnswer, response: HttpResponseBase, actor: Actor) -> None:
    """Store the response encrypted, so that a key or a signed URL in it is of no use to a reader of the database."""
    answer.status = response.status_code
    answer.standings = standings_of(actor)
    answer.headers = {name: response[name] for name in STORED_HEADERS if name in response}
    body = OrjsonRenderer().render(response.data if isinstance(response, Response) else None)
    answer.body = encryption.encrypt(body.decode()).encode()
    answer.save()


def _replay(answer: IdempotentAnswer, fingerprint: str, actor: Actor) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise KeyReused
    ensure_standings(actor, answer.standings)
    body = bytes(answer.body).decode()
    if encryption.is_encrypted(body):  # responses stored before an upgrade may be plain text
        body = encryption.decrypt(body)
    response = HttpResponse(body, status=answer.status, content_type="application/json", headers=answer.headers)
    response["Idempotent-Replayed"] = "true"
    return response
