"""Use cases of files: add, replace, change, restore."""

from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.rules import CategoryRules, rules_of
from files.inspection.validation import Candidate, check_extension, max_upload_bytes, validate
from files.kinds import kind_of
from files.models import Blob, File, UploadSession
from files.names import InvalidName, clean_name, fold_name
from files.policies import file_policy
from files.primary import choose_primary_file, elect_primary_file
from files.public_names import Identity, check_name_is_free, remember_file
from files.quotas import lock_quota
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound, Rejected
from releasehub.core.tasks import hint
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version

MAX_URL_LENGTH = 2048


def check_new_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    size_bytes: int = 0,
    sha256: str = "",
    head: bytes = b"",
    upload: UploadSession | None = None,
) -> str:
    """Everything that can be said before the bytes are looked into. Returns the name to store.

    `sha256` and `head` are empty while the bytes have not arrived; `upload` has reserved them already.
    Errors: NotFound, Denied, Conflict, Invalid, Rejected.
    """
    version_policy.ensure("upload", actor, version)
    _check_sealed(version)
    name = _clean_name(filename)
    _check_name(version, name, Identity(sha256))
    validate(Candidate(version, name, _rules(version), size_bytes, head, reservation=upload))
    return name


def authorize_upload(*, actor: Actor, version: Version, filename: str) -> int:
    """Check whatever can be said of an upload before its first byte; return the most bytes it may have, 0: no limit.

    The name of a file that exists is let through, because the same bytes may be sent again; whatever differs is
    refused afterwards.

    Raises:
        DomainError: As `check_new_file`.
    """
    version_policy.ensure("upload", actor, version)
    if same_file(version, filename) is None:
        check_new_file(actor=actor, version=version, filename=filename)
    return upload_limit(version)


def upload_limit(version: Version) -> int:
    """Return the most bytes that the next file of the version may have; 0 is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    return max_upload_bytes(version, _rules(version))


def same_file(version: Version, filename: str, sha256: str = "") -> File | None:
    """The file of that name, if it has these bytes; without a digest, whatever bytes it has."""
    file: File | None = (
        File.objects.select_related("blob")
        .filter(version=version, folded_name=fold_name(filename))
        .exclude(validation_status=File.Validation.FAILED)
        .first()
    )
    if file is None or (sha256 and (file.blob is None or file.blob.sha256 != sha256)):
        return None
    file.version = version
    return file


@transaction.atomic
def add_file(
    *,
    actor: Actor,
    version: Version,
    filename: str,
    blob: Blob,
    is_checked: bool,
    head: bytes = b"",
    upload: UploadSession | None = None,
    **fields: Any,
) -> File:
    """A new file of the version, showing the bytes of `blob`. `is_primary=True` chooses it as the primary one.

    `is_checked`: its content was looked into already; else a worker does that after the commit. `head`: its first
    bytes, where nobody has compared them with the category of this download.
    Errors: as `check_new_file`, asked again under the lock.
    """
    version = lock_version(version)
    lock_quota(version.download.owner_id)
    check_new_file(
        actor=actor,
        version=version,
        filename=filename,
        size_bytes=blob.size_bytes,
        sha256=blob.sha256,
        head=head,
        upload=upload,
    )
    taken = Blob.objects.select_for_update().filter(pk=blob.pk).update(claimed_until=None)
    if not taken:
        raise Conflict(ErrorCode.FILE_INCOMPLETE, "The bytes were removed meanwhile. Send the file again.")
    status = File.Validation.PASSED if is_checked else File.Validation.PENDING
    file = File(version=version, blob=blob, size_bytes=blob.size_bytes, validation_status=status)
    return _add(actor, file, filename, fields)


@transaction.atomic
def link_file(
    *, actor: Actor, version: Version, url: str = "", reference: str = "", filename: str = "", **fields: Any
) -> File:
    """A new file that is a link: whoever asks is sent there. A worker looks at it first; `wants_copy` keeps the bytes.

    Either `url`, or `reference`: the number of an asset of the version's release page, which the worker looks up and
    then names the file after, unless `filename` does. `external_sha512`: what the bytes have to be, in lower case hex.
    Errors: NotFound, Denied, Conflict, Invalid; Rejected where the category allows no links.
    """
    version_policy.ensure("upload", actor, version)
    version = lock_version(version)
    version_policy.ensure("upload", actor, version)
    _check_sealed(version)
    rules = _rules(version)
    if not rules.allows_external_links:
        raise Rejected(
            ErrorCode.FILE_EXTERNAL_REFUSED, "This category accepts no external links.", field="external_url"
        )
    if not reference:
        _clean_url(url)
    name = filename or (provisional_name(reference) if reference else name_in(url))
    validate(Candidate(version, _clean_name(name) if filename or url else "", rules))
    file = File(
        version=version,
        external_url=url,
        external_reference=reference,
        validation_status=File.Validation.PENDING,
    )
    return _add(actor, file, name, fields)


def provisional_name(reference: str) -> str:
    """Of an asset that nobody has looked up yet."""
    return f"asset-{reference}"


def check_found_name(file: File, name: str) -> str:
    """The name of an asset that was looked up, ready to store.  Errors: Conflict, Invalid, Rejected."""
    cleaned = _clean_name(name)
    _check_name(file.version, cleaned, Identity())
    check_extension(Candidate(file.version, cleaned, _rules(file.version)))
    return cleaned


@transaction.atomic
def update_file(*, actor: Actor, file: File, **fields: Any) -> File:
    """Label, platform, architecture, kind, order, primary, secured; only what is given changes.

    `is_primary=True` chooses the file as the primary one, and False withdraws the choice (see files/primary.py).
    Errors: NotFound, Denied, Conflict, Invalid.
    """
    file_policy.ensure("edit", actor, file)
    file = lock_file(file)
    file_policy.ensure("edit", actor, file)
    is_chosen = fields.pop("is_primary", None)
    changes = audit.changed_fields(file, fields)
    if is_chosen is not None and is_chosen != file.is_primary_choice:
        changes["is_primary"] = [file.is_primary_choice, is_chosen]
    if not changes:
        return file
    _choose(file, is_chosen)
    assign(file, fields)
    file.save()
    elect_primary_file(file.version, file)
    audit.record(actor=actor, action=AuditAction.FILE_UPDATE, target=file, changes=changes)
    webhooks.publish(actor=actor, event=EventType.FILE_UPDATED, target=file)
    return file


@transaction.atomic
def restore_file(*, actor: Actor, file: File) -> File:
    """Errors: NotFound, Denied; Conflict when it is not deleted or its name is taken now."""
    file_policy.ensure("restore", actor, file)
    file = lock_file(file)
    if not file.is_deleted:
        if actor.is_superuser:
            return file
        raise Conflict(ErrorCode.NOT_DELETED, "This is not deleted.")
    if File.objects.filter(version=file.version, folded_name=file.folded_name).exists():
        raise Conflict(ErrorCode.FILE_NAME_TAKEN, f"Another file is named {file.filename} now.", field="filename")
    check_name_is_free(file.version, file.filename, Identity.of(file))
    file.mark_restored()
    elect_primary_file(file.version, file)
    remember_file(file)
    count_files(file.version, int(file.validation_status == File.Validation.PASSED))
    audit.record(actor=actor, action=AuditAction.FILE_RESTORE, target=file)
    webhooks.publish(actor=actor, event=EventType.FILE_RESTORED, target=file)
    return file


def lock_file(file: File) -> File:
    """Return the row as it is now, with version and download, all locked until the transaction ends.

    Raises:
        NotFound: Another request erased the file, its version or its download.
    """
    version = lock_version(file.version)
    try:
        locked: File = File.all_objects.select_for_update(of=("self",)).select_related("blob").get(pk=file.pk)
    except File.DoesNotExist:
        raise NotFound from None
    locked.version = version
    return locked


def count_files(version: Version, difference: int) -> None:
    """Keeps `file_count` of the version: passed files that are not deleted."""
    if difference:
        now = timezone.now()
        Version.all_objects.filter(pk=version.pk).update(file_count=F("file_count") + difference, updated_at=now)
        version.file_count += difference


def _add(actor: Actor, file: File, name: str, fields: dict[str, Any]) -> File:
    version = file.version
    filename = _clean_name(name)
    _check_name(version, filename, Identity.of(file))
    _make_room(actor, version, filename)
    _choose(file, fields.pop("is_primary", None))
    file.folded_name = fold_name(filename)
    assign(file, {"filename": filename, "kind": kind_of(filename), **fields})
    file.save()
    elect_primary_file(version, file)
    remember_file(file)
    audit.record(actor=actor, action=AuditAction.FILE_CREATE, target=file, changes={"size_bytes": file.size_bytes})
    events = [EventType.FILE_CREATED]
    if file.validation_status == File.Validation.PASSED:
        count_files(version, 1)
        events.append(EventType.FILE_VALIDATED)
    else:
        transaction.on_commit(partial(hint, "files.validate_file", file.pk))
    webhooks.publish_all(actor=actor, events=events, target=file)
    return file


def _make_room(actor: Actor, version: Version, filename: str) -> None:
    """A file that failed its checks gives its name to the next one."""
    failed = File.objects.filter(
        version=version, folded_name=fold_name(filename), validation_status=File.Validation.FAILED
    )
    for file in failed:
        file.version = version
        reason = "replaced after it had failed its checks"
        audit.record(actor=actor, action=AuditAction.FILE_DELETE_SOFT, target=file, reason=reason)
        file.mark_deleted(by=actor.user, reason=reason)
        webhooks.publish(actor=actor, event=EventType.FILE_DELETED, target=file, hard=False, reason=reason)


def _check_name(version: Version, filename: str, identity: Identity) -> None:
    """Refuse a name that a live file has, and one that was public with other bytes."""
    folded = fold_name(filename)
    holders = File.objects.filter(version=version, folded_name=folded)
    if holders.exclude(validation_status=File.Validation.FAILED).exists():
        raise Conflict(ErrorCode.FILE_NAME_TAKEN, f"This version has a file named {filename}.", field="filename")
    check_name_is_free(version, filename, identity)


def _check_sealed(version: Version) -> None:
    if version.sealed_at:
        raise Conflict(ErrorCode.VERSION_IS_SEALED, "This version is sealed: no file can be added or changed.")


def _clean_name(name: str) -> str:
    try:
        return clean_name(name)
    except InvalidName as error:
        raise Invalid(ErrorCode.FILE_NAME_INVALID, str(error), field="filename", reason=error.code) from error


def _clean_url(url: str) -> None:
    """http or https, with a host and without credentials.  Errors: Invalid."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or len(url) > MAX_URL_LENGTH or not url.isprintable() or any(char in url for char in " \\"):
        raise Invalid(
            ErrorCode.FILE_URL_INVALID, "Give a full http or https address without user name or password.",
            field="external_url",
        )  # fmt: skip


def name_in(url: str) -> str:
    """The last part of its path.  Errors: Invalid."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:  # a host in brackets that is no IPv6 address
        name = ""
    if not name:
        raise Invalid(
            ErrorCode.FILE_NAME_INVALID, "The address names no file: give filename as well.", field="filename"
        )
    return name


def _rules(version: Version) -> CategoryRules:
    return rules_of(version.download.category)


def _choose(file: File, is_chosen: bool | None) -> None:
    """Record or withdraw the choice of the file as the primary one; None changes nothing."""
    if is_chosen:
        choose_primary_file(file)
    elif is_chosen is False:
        file.is_primary_choice = False
