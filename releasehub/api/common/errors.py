"""Exceptions that only exist in HTTP requests."""

from rest_framework import status
from rest_framework.exceptions import APIException

from releasehub.core.errors import Denied


class MissingScope(Denied):
    def __init__(self, *scopes: str) -> None:
        super().__init__(
            f"This key does not have the scope {' and '.join(scopes)}. Add the scope to the key, or use another key.",
            scope=list(scopes),
        )


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request body is too large. Send a smaller body."
    default_code = "request_too_large"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the body with a Content-Length header instead of in chunks."
    default_code = "length_required"


class Stale(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "This object has changed since you read it. Read it again and repeat your change."
    default_code = "precondition_failed"


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used for another request. Use a new one."
    default_code = "idempotency_key_reused"
