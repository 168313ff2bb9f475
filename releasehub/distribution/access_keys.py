"""Issue and revoke access keys.

The services live here and not next to the model in `downloads`, because they depend on `versions`.
"""

import re
from datetime import datetime

from django.db import transaction

from downloads.exposure import exposure_change
from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, download_policy
from downloads.services import lock_download
from releasehub.apikeys import secrets
from releasehub.apikeys.expiring import check_expiry, digest_fields
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from versions.numbering import InvalidNumber, ceiling

MIN_OWN_CHARACTERS = 12
MAX_OWN_CHARACTERS = 200
IMPORTED = "imported"  # the prefix of a key with a text of its own
_OWN_TEXT = re.compile(rf"[!-~]{{{MIN_OWN_CHARACTERS},{MAX_OWN_CHARACTERS}}}")


@transaction.atomic
def issue_access_key(
    *,
    actor: Actor,
    download: Download,
    name: str,
    expires_at: datetime | None = None,
    uses: int | None = None,
    highest_number: str = "",
    own_text: str = "",
    version_id: int | None = None,
) -> tuple[AccessKey, str]:
    """Create an access key and return it with its secret. Only a digest of the secret is stored.

    Args:
        uses: The number of downloads that the key allows, or None for an unlimited number.
        highest_number: The highest version that the key opens; 1.4 includes 1.4.9. Empty means every version.
        own_text: The secret of a key that exists elsewhere already. By default, a random one is made.
        version_id: The only version that the key shows, see `releasehub.distribution.preview_links`.

    Raises:
        Invalid: The expiry is in the past, `uses` is below 1, `highest_number` is not a version number, or `own_text`
            cannot be a key.
        Conflict: The download has a key with this text already. The keys of other downloads do not matter, so that
            the answer does not tell which texts are keys of other downloads.
    """
    download_policy.ensure("manage_access_keys", actor, download)
    check_key_fields(download, expires_at=expires_at, uses=uses, highest_number=highest_number)
    secret = own_text or secrets.new_secret(secrets.ACCESS_KEY)
    derived_fields = _fields_of_own_text(download, own_text) if own_text else digest_fields(secret)
    with exposure_change(lock_download(download.pk)):
        key = AccessKey.objects.create(
            download=download,
            name=name,
            expires_at=expires_at,
            uses_left=uses,
            highest_number=highest_number,
            version_id=version_id,
            created_by=actor.grantor,
            **derived_fields,
        )
    changes = {
        "download": download.pk,
        "expires_at": expires_at.isoformat() if expires_at else None,
        "uses": uses,
        "highest_number": highest_number,
    }
    if own_text:
        changes["is_imported"] = True
    if version_id is not None:
        changes["version"] = version_id
    audit.record(actor=actor, action=AuditAction.ACCESS_KEY_ISSUE, target=key, changes=changes)
    return key, secret


def _fields_of_own_text(download: Download, text: str) -> dict[str, str]:
    """Return the fields that follow from a secret that exists elsewhere already."""
    check_own_text(text)
    # The beginning of the text is not shown as the prefix: the text may be short, and its beginning half of it.
    fields = digest_fields(text) | {"prefix": IMPORTED}
    if AccessKey.objects.filter(download=download, digest=fields["digest"]).exists():
        message = "This download has a key with this text already. Send another one."
        raise Conflict(ErrorCode.CONFLICT, message, field="key")
    return fields


@transaction.atomic
def revoke_access_key(*, actor: Actor, key: AccessKey) -> None:
    """Revoke the key with effect from the next request. Revoking a key twice has no effect."""
    access_key_policy.ensure("revoke", actor, key)
    if key.mark_revoked():
        audit.record(actor=actor, action=AuditAction.ACCESS_KEY_REVOKE, target=key)


def check_key_fields(download: Download, *, expires_at: datetime | None, uses: int | None, highest_number: str) -> None:
    check_expiry(expires_at)
    if uses is not None and uses < 1:
        raise Invalid(
            f"uses is {uses}, but must be at least 1. Leave it out for an unlimited number of downloads.", field="uses"
        )
    _check_highest(highest_number, download.version_scheme)


def check_own_text(text: str) -> None:
    """Check the secret of a key that is imported.

    Raises:
        Invalid: It is too short to be safe, too long, begins like the keys of the hub, or has spaces in it.
    """
    if not is_own_text(text):
        raise Invalid(
            f"A key has {MIN_OWN_CHARACTERS} to {MAX_OWN_CHARACTERS} ASCII characters without spaces, and does not "
            "begin with rh_ or rhk_. Use another text.",
            field="key",
        )


def is_own_text(text: str) -> bool:
    """Return whether an imported key may have this text."""
    return bool(_OWN_TEXT.fullmatch(text)) and not text.startswith((secrets.API_KEY, secrets.ACCESS_KEY))


def _check_highest(number: str, scheme: str) -> None:
    """Raise Invalid if the highest version of a key is given but is not a version number."""
    if not number:
        return
    try:
        ceiling(number, scheme)
    except InvalidNumber as error:
        raise Invalid(str(error), field="highest_number", code=ErrorCode.VERSION_NUMBER_INVALID) from error
