"""The clock of this machine, compared with the clocks of the database and of the storage."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import connection

from files.storage import S3Storage
from releasehub.server.doctor.registry import register

# One-time codes are valid for 30 seconds, leases of tasks for about a minute, and signatures of S3 for 15 minutes.
WARNING_SECONDS = 5.0
ERROR_SECONDS = 30.0
HINT = "Synchronize the clocks of both machines with NTP, for example with chrony or systemd-timesyncd."


@register("clock")
def check_clock() -> Iterator[CheckMessage]:
    if connection.vendor == "postgresql":
        yield compare("the database", database_time(), time.time())
    if settings.STORAGE_KIND == "s3":
        yield compare("the storage", storage_time(), time.time())
    if connection.vendor != "postgresql" and settings.STORAGE_KIND != "s3":
        yield Info("The database and the files are on this machine, so there is only one clock.")


def compare(place: str, other: float, here: float) -> CheckMessage:
    """Judge the difference between the two clocks, in epoch seconds."""
    seconds = abs(other - here)
    if seconds < WARNING_SECONDS:
        return Info(f"The clocks of this machine and of {place} agree.")
    kind = Error if seconds >= ERROR_SECONDS else Warning
    relation = "behind" if other > here else "ahead of"
    return kind(f"The clock of this machine is {seconds:.0f} seconds {relation} the clock of {place}.", hint=HINT)


def database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def storage_time() -> float:
    """Return the time of the `Date` header, which has a resolution of one second.

    S3 refuses a request whose signature is 15 minutes off, but it dates the refusal, too.
    """
    from botocore.exceptions import ClientError

    storage = S3Storage()
    answer: Any
    try:
        answer = storage.client.head_bucket(Bucket=storage.bucket)
    except ClientError as error:
        answer = error.response
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
