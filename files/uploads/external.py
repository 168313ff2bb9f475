"""External files: a worker probes each link through the guarded HTTP client, and copies the file on request."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from downloads.rules import rules_of
from files.blobs import release_claim
from files.inspection.findings import Finding, is_rejected
from files.inspection.validation import Candidate, validate
from files.links import name_in, provisional_name
from files.models import File
from files.names import fold_name
from files.quotas import check_room, lock_quota
from files.services import check_asset_name
from files.uploads.github_assets import github_asset
from files.uploads.inspecting import inspect
from files.uploads.link_limits import BadLink, problem_code
from files.uploads.link_reading import Learned, copy_link, look
from files.uploads.validating import decide
from releasehub.core.errors import DomainError, Invalid, Rejected
from releasehub.outbound.failures import Refused, Unreachable
from versions.services import lock_version

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(hours=1)


def probe_link(file_id: int) -> File.Validation | None:
    """Look at the link of a pending file and decide; None when there is nothing to decide (yet).

    A target that does not answer is asked again for an hour.
    """
    rows = File.objects.select_related("version__download__category")
    file: File | None = rows.filter(pk=file_id, validation_status=File.Validation.PENDING, blob=None).first()
    if file is None:
        return None
    stored_name = file.filename
    try:
        url = target_of(file)
        if file.external_reference and stored_name == provisional_name(file.external_reference):
            file.filename = name_in(url)
        learned = copy_link(file, url) if file.wants_copy else look(file, url)
    except Invalid as nameless:
        return decide(file, [Finding("link.name", nameless.message)])
    except BadLink as bad:
        return decide(file, [bad.finding])
    except Refused as refused:
        return decide(file, [Finding("link.refused", refused.reason)])
    except Unreachable as unreachable:
        if file.created_at > timezone.now() - GIVE_UP_AFTER:
            log.info(
                "The link of file %s could not be checked and will be retried. Cause: %s", file_id, unreachable.reason
            )
            return None
        return decide(file, [Finding("link.unreachable", unreachable.reason)])
    return _settle(file, learned, is_renamed=file.filename != stored_name)


def _settle(file: File, learned: Learned, *, is_renamed: bool) -> File.Validation | None:
    values: dict[str, Any] = {"external_url": learned.url, "external_type": learned.mime_type}
    values |= {"external_sha256": learned.sha256, "size_bytes": learned.size_bytes}
    findings = list(learned.findings)
    if learned.sha512:
        values["external_sha512"] = learned.sha512
    if learned.blob is None:
        return _decide_with_name(file, findings, values, learned, is_renamed=is_renamed)
    # The claim on the blob is released only after the file refers to it. In between, garbage collection would delete
    # it.
    try:
        values["blob"] = learned.blob
        findings = findings or inspect(learned.blob, file.filename)
        return _decide_with_name(file, findings, values, learned, is_renamed=is_renamed)
    finally:
        release_claim(learned.blob)


@transaction.atomic
def _decide_with_name(
    file: File, findings: list[Finding], values: dict[str, Any], learned: Learned, *, is_renamed: bool
) -> File.Validation | None:
    """Decide about the file, and give it the name that was found if that name is free.

    The lock on the version keeps the name free until the commit. Size and first bytes of the file are known only now,
    so the rules of the category are checked here, and a copy is stored only if it fits into the quotas.
    """
    # The version first, then the quota: all writers take these locks in the same order.
    lock_version(file.version)
    if learned.blob is not None:
        lock_quota(file.version.download.owner)
        try:
            check_room(file.version.download, learned.size_bytes, besides=file)
        except Rejected as refusal:
            values.pop("blob")
            return decide(file, [BadLink(problem_code(refusal), refusal.message).finding], **values)
    if is_renamed and not is_rejected(findings):
        try:
            name = check_asset_name(file, file.filename)
        except DomainError as error:
            findings = [*findings, Finding("link.name", error.message)]
        else:
            values |= {"filename": name, "folded_name": fold_name(name)}
    if not is_rejected(findings):
        findings = [*findings, *_broken_rules(file, learned)]
    return decide(file, findings, **values)


def _broken_rules(file: File, learned: Learned) -> list[Finding]:
    version = file.version
    rules = rules_of(version.download.category)
    try:
        validate(
            Candidate(
                version,
                file.filename,
                rules,
                learned.size_bytes,
                learned.head,
                reservation=file,
                is_link_only=learned.blob is None,
            )
        )
    except DomainError as error:
        return [Finding("link.rule", error.message)]
    return []


def target_of(file: File) -> str:
    """Return the URL to request. An asset number of a GitHub release page is looked up first.

    Raises:
        BadLink: The release page has no such asset.
        Refused: The guarded client does not allow the URL.
        Unreachable: The host does not respond.
    """
    if not file.external_reference:
        return str(file.external_url)
    return github_asset(file.version.release_page_url, file.external_reference)
