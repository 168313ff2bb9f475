"""Domain errors for exceptions of the database."""

import logging

from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from releasehub.core.errors import Conflict, DomainError, ErrorCode, Invalid, NotFound, ReadOnly

log = logging.getLogger(__name__)
# The database cannot be reached, is overloaded, or has rolled back this transaction. A retry may succeed.
OUTAGES = (OperationalError, InterfaceError)
# What PostgreSQL answers to a change while it is a standby, as after a failover to another machine, and while a table
# or a column is missing, because `migrate` has not run. SQLite raises an `OperationalError` for these.
_UNUSABLE_DATABASE = frozenset({"25006", "42P01", "42703"})
# The seconds after which a client should repeat a request that was refused because the hub or the database was busy.
RETRY_AFTER_SECONDS = 5
# The only constraints that two concurrent requests can violate: unique constraints and foreign keys.
RACES = frozenset(
    {"23503", "23505", "SQLITE_CONSTRAINT_FOREIGNKEY", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"}
)
# The message of the driver of SQLite for an integer of more than 64 bits. PostgreSQL raises a `DataError`.
TOO_LARGE_FOR_SQLITE = "Python int too large to convert to SQLite INTEGER"
# The message of the triggers that the read-only mode adds to SQLite.
READ_ONLY_REFUSAL = "the hub is read-only"
CHANGED_MEANWHILE = "Another request changed or deleted data that this request needs. Reload the data and try again."
CANNOT_BE_STORED = "A value is too large or contains characters that cannot be stored. Correct it and try again."


def is_outage(error: BaseException | None) -> bool:
    """Return whether the database can do nothing, or no changes, for a while, or is not migrated."""
    return isinstance(error, OUTAGES) or _sqlstate(error) in _UNUSABLE_DATABASE


def domain_error_of(error: BaseException | None) -> DomainError | None:
    """Return the domain error for an exception that a concurrent request or a hostile value caused in the database.

    Validation should have prevented most of them, so the traceback is logged. It is logged as an error if a concurrent
    request cannot be the cause. For any other exception the result is None.
    """
    if isinstance(error, DomainError):
        return error
    if isinstance(error, ObjectDoesNotExist):  # another request deleted the row after this one had read it
        log.warning("A row was deleted while a request was using it.", exc_info=error)
        return NotFound()
    if isinstance(error, IntegrityError) and READ_ONLY_REFUSAL in str(error):
        return ReadOnly()
    if isinstance(error, IntegrityError):
        level = logging.WARNING if _constraint_kind(error) in RACES else logging.ERROR
        log.log(level, "The database rejected a change.", exc_info=error)
        return Conflict(ErrorCode.CONFLICT, CHANGED_MEANWHILE)
    if isinstance(error, DataError) or (isinstance(error, OverflowError) and TOO_LARGE_FOR_SQLITE in str(error)):
        log.warning("The database could not store a value.", exc_info=error)
        return Invalid(CANNOT_BE_STORED)
    return None


def _constraint_kind(error: IntegrityError) -> str:
    """Return the SQLSTATE code of PostgreSQL, or the error name of SQLite."""
    return _sqlstate(error) or str(getattr(error.__cause__, "sqlite_errorname", ""))


def _sqlstate(error: BaseException | None) -> str:
    return str(getattr(getattr(error, "__cause__", None), "sqlstate", None) or "")
