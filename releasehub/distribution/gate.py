"""Check whether the actor may download a file, and which access key is charged for it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest

from downloads.models import AccessKey
from files.models import Blob, File, Quarantine
from files.policies import file_policy
from files.quarantined_bytes import open_quarantine
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.distribution.counting import visitor_of
from releasehub.distribution.presented_keys import presented_key, spend_use, without_keys

# Anyone who has a signed URL of the storage can use it. This is long enough to follow the redirect, and too short to
# pass the URL on.
URL_SECONDS_OF_LIMITED_KEY = 30


class Barrier(StrEnum):
    """The reason why a visible file cannot be downloaded.

    `QUARANTINED`: a moderator has blocked the bytes, see files/quarantine.py.
    `KEY_NEEDED`: the file is secured, and the actor has neither signed in nor presented an access key.
    `ABOVE_KEY`: the version is higher than the highest version that the access key opens.
    """

    QUARANTINED = "quarantined"
    FAILED = "failed"
    KEY_NEEDED = "key_needed"
    ABOVE_KEY = "above_key"


MESSAGES = {
    Barrier.QUARANTINED: (
        "A moderator has blocked this file for this reason: “{reason}” Choose another version of the download."
    ),
    Barrier.FAILED: "This file failed validation, so it cannot be downloaded. Ask the publisher to upload it again.",
    Barrier.KEY_NEEDED: "This file requires an access key. Send the key as the query parameter key, or sign in.",
    Barrier.ABOVE_KEY: (
        "This access key is valid only for versions up to {highest}. Choose a lower version or another key."
    ),
}


class Quarantined(Denied):
    """A moderator has blocked the bytes. The message has the reason that the moderator gave."""

    def __init__(self, quarantine: Quarantine) -> None:
        message = MESSAGES[Barrier.QUARANTINED].format(reason=quarantine.reason)
        super().__init__(message, is_quarantined=True, reason=quarantine.reason)


@contextmanager
def record_refusal(actor: Actor, file: File) -> Iterator[None]:
    """Write a refused download to the audit log."""
    try:
        yield
    except Denied as refusal:
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_REFUSED, target=file, reason=refusal.message)
        raise


@dataclass(frozen=True)
class Toll:
    """The charge for one download: a use of the access key, if the key has a limited number of uses."""

    request: HttpRequest
    key: AccessKey | None
    file: File

    @property
    def url_seconds(self) -> int:
        """Return the lifetime of a signed storage URL. It is short for a key with limited uses."""
        is_limited = self.key is not None and self.key.uses_left is not None
        return URL_SECONDS_OF_LIMITED_KEY if is_limited else settings.SIGNED_URL_SECONDS

    def pay(self, granted_bytes: int | None = None) -> None:
        """Charge the key before the bytes are sent. Without `granted_bytes`, charge for the whole file.

        The method of the request does not matter: a redirect in the response to HEAD has the same URL, which anyone
        can then fetch. Responses to HEAD that contain no URL are free, because nothing calls this for them.
        """
        if self.key is None or granted_bytes == 0:
            return
        file_bytes = max(self.file.size_bytes, 1)  # the size of a link may be unknown
        spend_use(
            self.key,
            file_id=self.file.pk,
            visitor=visitor_of(self.request),
            granted_bytes=file_bytes if granted_bytes is None else granted_bytes,
            file_bytes=file_bytes,
        )


def ensure_may_download(actor: Actor, file: File) -> AccessKey | None:
    """Return the access key to charge for the download, or None if the actor needs no key.

    Raises:
        NotFound: The actor may not see the file.
        Denied: A barrier from `barrier_of` applies.
    """
    file_policy.ensure("view", actor, file)
    barrier, key = _judge(actor, file)
    if barrier is Barrier.QUARANTINED:
        refuse_quarantined(file)
    if barrier is not None:
        raise Denied(MESSAGES[barrier].format(highest=key.highest_number if key else ""))
    return key


def refuse_quarantined(file: File) -> None:
    """Check that the bytes are not in quarantine. The response says why, in the format of the dialect that asked."""
    if file.quarantine is not None:
        raise Quarantined(file.quarantine)


def refuse_quarantined_bytes(blob: Blob) -> None:
    """Check the same for bytes that do not belong to a file, such as an icon."""
    if quarantine := open_quarantine(blob.sha256):
        raise Quarantined(quarantine)


def barrier_of(actor: Actor, file: File) -> Barrier | None:
    """Return the barrier between the actor and a visible file, or None. Needs no query if `file.version` is loaded."""
    return _judge(actor, file)[0]


def _judge(actor: Actor, file: File) -> tuple[Barrier | None, AccessKey | None]:
    """Return the barrier, if any, and the access key that the download would be charged to.

    The rights without a key are checked first, so that a user who needs no key never spends a use of one.
    """
    if file.quarantine_id is not None:
        return Barrier.QUARANTINED, None
    if file.validation_status == File.Validation.FAILED:
        return Barrier.FAILED, None
    if file_policy.can_download(without_keys(actor), file):
        return None, None
    key = presented_key(actor, file.version.download_id)
    if key is None or not file_policy.can_download(actor, file):
        return Barrier.KEY_NEEDED, None
    return (None if file.version.is_allowed_by(key) else Barrier.ABOVE_KEY), key


def ensure_key_where_needed(actor: Actor, files: Iterable[File]) -> None:
    """Require an access key for update checks of a secured release.

    Raises:
        Denied: The actor has neither signed in nor presented an access key.
    """
    if any(file.is_secured and not file_policy.can_download(actor, file) for file in files):
        raise Denied("This release requires an access key. Send the key as the query parameter key, or sign in.")
