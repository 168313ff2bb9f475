"""Add files that redirect to external links."""

from typing import Any

from django.db import transaction

from files.inspection.validation import Candidate, validate
from files.links import check_url, is_magnet, magnet_size, name_in, provisional_name
from files.models import File
from files.names import clean_name
from files.public_names import Identity
from files.services.adding import create_file
from files.services.preconditions import check_name, check_takes_files, rules_for
from releasehub.core.actor import Actor
from releasehub.core.errors import ErrorCode, Rejected
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


@transaction.atomic
def link_file(
    *, actor: Actor, version: Version, url: str = "", reference: str = "", filename: str = "", **fields: Any
) -> File:
    """Add a file that redirects to an external URL. A worker probes the link before the file is offered.

    A magnet link is not probed.

    Args:
        url: The external URL. Give either this or `reference`.
        reference: The number of an asset on the version's release page. The worker looks up its URL and its name.
        external_sha512: The expected SHA-512 of the content in lower-case hex.

    Raises:
        Conflict: The version is sealed, or the name belongs to another file.
        Invalid: The URL or the file name is not acceptable.
        Rejected: The category does not allow external links, or a copy of what a magnet link names is wanted.
    """
    version_policy.ensure("upload", actor, version)
    version = lock_version(version)
    check_takes_files(actor, version)
    rules = rules_for(version)
    if not rules.allows_external_links:
        raise Rejected(
            ErrorCode.FILE_EXTERNAL_REFUSED,
            "The category of this download does not allow external links. Upload the file instead.",
            field="external_url",
        )
    if not reference:
        check_url(url)
    name = filename or (provisional_name(reference) if reference else name_in(url))
    validate(Candidate(version, clean_name(name) if filename or url else "", rules))
    file = File(
        version=version,
        external_url=url,
        external_reference=reference,
        validation_status=File.Validation.PENDING,
    )
    if is_magnet(url):
        # No server can be asked about it, so it is offered at once, with the size that the link gives.
        if fields.get("wants_copy"):
            message = "The hub cannot copy what a magnet link names. Send the link without keep_copy."
            raise Rejected(ErrorCode.FILE_EXTERNAL_REFUSED, message, field="wants_copy")
        file.validation_status, file.size_bytes = File.Validation.PASSED, magnet_size(url)
    name = clean_name(name)
    check_name(version, name, Identity.of(file))
    return create_file(actor, file, name, fields)
