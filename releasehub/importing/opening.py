"""Open the source of an import, and find the actor who imports."""

from downloads.policies import download_policy
from releasehub.core import encryption
from releasehub.core.actor import Actor, Origin, system_actor
from releasehub.core.errors import Denied, Invalid, NotFound
from releasehub.core.logs import current_request_id
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.sources.base import ReleaseSource, SourceSettings
from releasehub.importing.sources.registry import kind_named

LEFT = "The user who set up this import may not post versions here any more."
UNREADABLE = "The token cannot be decrypted, because SECRET_KEY has changed. Enter the token again."


def open_source(row: ImportSource) -> ReleaseSource:
    """Return the source. This sends no request.

    Raises:
        Invalid: Its settings are not valid any more, or its token cannot be decrypted.
    """
    return kind_named(row.kind).build(settings_of(row))


def settings_of(row: ImportSource) -> SourceSettings:
    """Return the settings of the source with its token."""
    try:
        token = encryption.decrypt(row.sealed_token) if row.sealed_token else ""
    except encryption.DecryptionError:
        raise Invalid(UNREADABLE, field="token") from None
    return SourceSettings(row.address, row.api_url, token, row.options)


def actor_of(row: ImportSource) -> Actor:
    """Return the actor of the runs: the user who set up the import, or the system for an import of a command.

    If the account of the user was deleted or disabled, the actor is anonymous and may do nothing.
    """
    if row.runs_as_system:
        return system_actor()
    user = row.created_by
    return Actor(user=user if user and user.is_active else None, origin=Origin.SYSTEM, request_id=current_request_id())


def entitled_actor(run: ImportRun) -> Actor:
    """Return the actor of the run with the rights of this moment, and read the source with its download anew.

    Call it for each release: a run may take hours, and neither a user nor what an actor has looked up may be that old.

    Raises:
        Denied: The user who set up the import may not post versions to the download any more.
    """
    source = ImportSource.objects.select_related("download__category", "created_by").filter(pk=run.source_id).first()
    if source is None:
        raise Denied(LEFT)
    run.source, actor = source, actor_of(source)
    try:
        download_policy.ensure("post_version", actor, source.download)
    except (Denied, NotFound):
        raise Denied(LEFT) from None
    return actor
