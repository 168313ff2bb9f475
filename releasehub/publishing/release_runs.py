"""Runs of release tools that share a draft. Only the last one that was started may change it.

Git hosts give each run a draft of its own. Here a run gets the draft of the run before it, which may have failed or may
still be uploading. The URLs of a draft in the GitHub API name the run that got them, so that requests of an earlier
run are refused: it neither mixes its files into the release nor deletes it when it cleans up after its failure.
"""

from typing import Any

from django.db import transaction
from django.db.models import F

from files.models import File
from files.services import add_file
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.publishing.deletion import delete_version
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


def start_run(version: Version) -> None:
    """Give the draft to a new run. The caller holds the lock on the download."""
    Version.all_objects.filter(pk=version.pk).update(run_number=F("run_number") + 1)


def check_run(version: Version, run: int | None) -> None:
    """Check that no later run has started. A caller that names no run passes.

    Raises:
        Conflict: Another run has started the version again.
    """
    if run is not None and run != version.run_number:
        raise Conflict(
            ErrorCode.VERSION_STATE,
            f"Another run has started the release {version.tag_name} again, so this run can no longer change it. "
            "Let one run at a time publish a tag.",
            field="tag",
        )


def lock_run(version: Version, run: int | None) -> None:
    """Lock the version if the caller names a run, and check the run. The caller has checked the right."""
    if run is not None:
        check_run(lock_version(version), run)


@transaction.atomic
def add_file_of_run(*, actor: Actor, version: Version, run: int | None, **fields: Any) -> File:
    """Add a file for a run. `fields` are the arguments of `add_file`.

    Raises:
        Conflict: Another run has started the version again.
        DomainError: As `add_file`.
    """
    version_policy.ensure("upload", actor, version)
    lock_run(version, run)
    return add_file(actor=actor, version=version, **fields)


@transaction.atomic
def delete_version_of_run(*, actor: Actor, version: Version, run: int | None) -> None:
    """Soft-delete a version for a run.

    Raises:
        Conflict: Another run has started the version again.
        DomainError: As `delete_version`.
    """
    version_policy.ensure("delete", actor, version)
    lock_run(version, run)
    delete_version(actor=actor, version=version)
