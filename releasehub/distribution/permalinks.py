"""Resolve permanent links to downloads and versions, or explain why they are gone."""

from django.db.models import Exists, OuterRef

from downloads.models import Download, PublicSlug
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import Gone, Moved, NotFound
from releasehub.core.sql_templates import SqlTemplate
from releasehub.distribution.number_holders import holders_of
from releasehub.distribution.presented_keys import not_found_for
from versions.models import PublicTag, Version
from versions.policies import version_policy


def find_download(actor: Actor, slug: str, *, is_cacheable: bool = False) -> Download:
    """Return the download with this slug.

    With `is_cacheable`, an anonymous actor may get the row from the cache for anonymous visitors.

    Raises:
        Moved: It was renamed, and the actor may see it under its new slug.
        Gone: The download is deleted and was open to the actor, or it was erased and was open to everyone.
        NotFound: The download does not exist, or the actor may not see it.
        KeyRefused: The same, and the actor presented a key that is not valid.
    """
    row = cached_row(actor if is_cacheable else None, ("slug", slug), lambda: _by_slug.first(slug=slug))
    download = row or _find_renamed(actor, slug)
    if download.is_deleted:
        raise Gone(download.delete_reason) if download_policy.is_open_to(actor, download) else not_found_for(actor)
    if not download_policy.can_view(actor, download):
        raise not_found_for(actor)
    if download.slug != slug:
        raise Moved(download.slug)
    return download


def find_version(actor: Actor, download: Download, number: str, channel: str = "", platform: str = "") -> Version:
    """Return the version with this number, in any spelling, or with this tag: v1.2.0 and 1.2.0 are one.

    Without a channel and a platform, a tag that was public leads to its version only, because a number that is
    published later must not take over its links.

    If several channels have the number, the version in `channel` is returned, else the one in the default channel, else
    the one that was public first. A version that was renumbered or moved is also found by its earlier number and
    channel. Another channel never takes over the link of a version that was public and is gone.

    A number may exist once for each platform. With `platform`, the versions for other platforms do not exist; without
    it, the first version with the number is meant.

    Raises:
        Gone: The version was public, and is deleted or erased.
        NotFound: The version does not exist, or the actor may not see it.
    """
    refuse_nul(number + channel + platform)
    channel = channel.lower()
    is_plain = not channel and not platform
    place = {"number": number, "channel": channel or download.default_channel}
    rows = Version.objects.filter(download=download, **place)
    rows = rows.suiting(platform) if platform else rows.filter(is_twin=False)
    if is_plain:
        tags_of_others = PublicTag.objects.filter(download=download, tag=number).exclude(version=OuterRef("pk"))
        rows = rows.filter(~Exists(tags_of_others))
    version: Version | None = rows.first()
    if version is not None:
        version.download = download
        if version_policy.can_view(actor, version):
            return version
    past = _public_tag(download, number) if is_plain else None
    if past is not None and past.version is not None:
        return _or_not_found(_if_visible(actor, download, past.version))
    for holder in holders_of(download, number, channel, platform):
        version = holder.version
        if past is not None and version is not None:
            continue  # the version with this tag is erased, and no other one takes over its links
        if version is not None and not version.is_deleted and version_policy.can_view(actor, version):
            return version
        if version is None and holder.was_open:
            raise Gone(holder.reason)
        if version is not None and version.is_deleted and version.is_open:
            raise Gone(version.delete_reason)
        # The link belonged to this version in public. Falling through to another channel would serve other content
        # under the same URL, so the search ends here even if the actor may not be told why.
        if holder.was_public:
            raise NotFound
    return _or_not_found(_find_by_tag(actor, download, number))


def find_tagged_version(actor: Actor, download: Download, tag: str) -> Version:
    """Return the version with this tag, or else the version without a tag that has this number, with or without a v.

    A version whose tag was changed is also found by the tag that it had in public.

    Raises:
        Gone: The version was public and is deleted.
        NotFound: The version does not exist, or the actor may not see it.
    """
    refuse_nul(tag)
    return _find_by_tag(actor, download, tag) or find_version(actor, download, tag)


def _find_by_tag(actor: Actor, download: Download, tag: str) -> Version | None:
    """Return the version with this tag, or None if the actor may not see such a version."""
    version = Version.all_objects.filter(download=download, tag=tag).order_by().first()
    if version is None and (past := _public_tag(download, tag)):
        version = past.version
    return _if_visible(actor, download, version) if version else None


def _public_tag(download: Download, tag: str) -> PublicTag | None:
    return PublicTag.objects.select_related("version").filter(download=download, tag=tag).first()


def _if_visible(actor: Actor, download: Download, version: Version) -> Version | None:
    version.download = download
    if version.is_deleted and version.is_open:
        raise Gone(version.delete_reason)
    return version if not version.is_deleted and version_policy.can_view(actor, version) else None


def _or_not_found(version: Version | None) -> Version:
    if version is None:
        raise NotFound
    return version


def _find_renamed(actor: Actor, slug: str) -> Download:
    """Return the download that was public under this slug before.

    Raises:
        Gone: The download was erased, and it had been open to everyone.
        NotFound: No download had this slug, or the download was erased without having been open to everyone.
    """
    past = PublicSlug.objects.select_related("download__category", "download__owner").filter(slug=slug).first()
    if past is None or (past.download is None and not past.was_open_to_all):
        raise not_found_for(actor)
    if past.download is None:
        raise Gone(past.reason)
    return past.download


_by_slug: SqlTemplate[Download] = SqlTemplate(
    lambda slug: Download.all_objects.select_related("category", "owner").filter(slug=slug).order_by(), slug="a slug"
)


def refuse_nul(text: str) -> None:
    """Raise NotFound for text with a NUL character, which PostgreSQL rejects in queries."""
    if "\0" in text:
        raise NotFound
