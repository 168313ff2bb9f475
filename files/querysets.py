"""Querysets of files and blobs.

`visible_to` expresses FilePolicy.can_view as a query; a test compares the two.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import sees_everything
from releasehub.core.actor import Actor
from releasehub.core.querysets import SoftDeleteQuerySet
from versions.conditions import is_listed, is_released, is_shown
from versions.models import Version
from versions.platforms import platform_spellings, suitable_architectures

MANAGE_FILES = "can_manage_files"
UNIVERSAL = "universal"  # one file with the code for several architectures, as on macOS


class FileQuerySet(SoftDeleteQuerySet[Any]):
    def validated(self) -> Self:
        """Return files that passed validation, including quarantined ones."""
        return self.alive().filter(validation_status="passed")

    def passed(self) -> Self:
        """Return files that are offered to visitors: they passed validation, and no moderator has quarantined them."""
        return self.validated().filter(quarantine__isnull=True)

    def visible_to(self, actor: Actor) -> Self:
        """Return the rows for which FilePolicy.can_view is true, including deleted ones."""
        if sees_everything(actor):
            return self
        inside = Download.all_objects.read_inside_by(actor)
        managed = Download.all_objects.read_inside_by(actor, MANAGE_FILES)
        return self.filter(is_shown(actor, is_released("version__"), "version__")).filter(
            Q(deleted_at__isnull=True, validation_status="passed")
            | Q(deleted_at__isnull=True, version__download__in=inside)
            | Q(deleted_at__isnull=False, version__download__in=managed)
        )

    def listed_to(self, actor: Actor) -> Self:
        """Return the visible files that belong in a list."""
        if sees_everything(actor):
            return self.alive()
        inside = Download.objects.read_inside_by(actor)
        is_offered = Q(validation_status="passed", quarantine__isnull=True) | Q(version__download__in=inside)
        rows = self.alive().filter(is_offered, version__deleted_at__isnull=True)
        return rows.filter(is_shown(actor, is_listed("version__"), "version__"))

    def search(self, text: str) -> Self:
        """Return files whose name or label contains every word."""
        rows = self
        for word in text.split()[:8]:
            rows = rows.filter(Q(filename__icontains=word) | Q(display_label__icontains=word))
        return rows

    def listed_in(self, actor: Actor, version: Version) -> Self:
        """Return the files of one version that lists show to the actor, without deleted ones."""
        rows = self.filter(version=version)
        return rows.alive() if download_policy.reads_inside(actor, version.download) else rows.passed()

    def shown_to(self, *, reads_inside: bool) -> Self:
        """Return the listed files and those in quarantine, for pages that tell visitors why a file is missing."""
        return self.alive() if reads_inside else self.validated()

    def fetchable_in(self, actor: Actor, download: Download) -> Self:
        """Return files that FilePolicy.can_download allows, in versions the actor may see, without deleted ones."""
        if download_policy.reads_inside(actor, download):
            return self.alive().filter(quarantine__isnull=True).exclude(validation_status="failed")
        return self.passed()

    def restorable_by(self, actor: Actor) -> Self:
        """Return the deleted files that the actor may restore (FilePolicy.can_restore)."""
        return self.deleted().filter(version__download__in=Download.all_objects.inside_for(actor, MANAGE_FILES))

    def with_digest(self, digest: str) -> Self:
        """Return files whose stored or linked bytes have this SHA-512 or SHA-256 (hex, any case)."""
        return self.with_digests([digest])

    def with_digests(self, digests: Iterable[str]) -> Self:
        """Return files whose stored or linked bytes have one of these SHA-512 or SHA-256 (hex, any case)."""
        texts = {digest.lower() for digest in digests}
        ids = []
        for name, length in (("sha512", 128), ("sha256", 64)):
            if values := [text for text in texts if len(text) == length]:
                stored = self.model.all_objects.filter(**{f"blob__{name}__in": values})
                linked = self.model.all_objects.filter(**{f"external_{name}__in": values, f"external_{name}__gt": ""})
                ids += [rows.order_by().values("pk") for rows in (stored, linked)]
        return self.filter(pk__in=ids[0].union(*ids[1:])) if ids else self.none()

    def suiting(self, platform: str = "", architecture: str = "") -> Self:
        """Return files for the given platform and architecture, in any of their spellings.

        A package that names no platform suits those its version declares, or all if it declares none. Signatures and
        digests without a platform are left out: a client that asks for Linux wants a program.
        """
        rows = self
        if platform:
            spellings = platform_spellings(platform)
            declared = (Q(version__platform_keys__holds=spelling) for spelling in spellings)
            version_suits = reduce(or_, declared, Q(version__platform_keys=[]))
            rows = rows.filter(Q(platform__lower__in=spellings) | Q(version_suits, platform="", kind="package"))
        if architecture:
            rows = rows.filter(architecture__lower__in=sorted(suitable_architectures(architecture)))
        return rows


class BlobQuerySet(models.QuerySet[Any]):
    def unused(self) -> Self:
        """Return blobs that nothing refers to: no file, picture or upload, and no claim that has not expired."""
        unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=timezone.now())
        users = ("files", "icons", "picture_sizes", "social_cards", "avatars", "uploads")
        return self.filter(unclaimed, **{f"{user}__isnull": True for user in users})

    def missing(self) -> Self:
        """Return blobs whose bytes the storage did not have at the last check."""
        return self.filter(state="missing", problem__in=["", "missing"])

    def damaged(self) -> Self:
        """Return blobs whose stored bytes were other ones at the last check."""
        return self.filter(state="missing").exclude(problem__in=["", "missing"])

    def due_for_check(self) -> Self:
        """Return the blobs that were checked the longest time ago first, and before them those that never were."""
        return self.order_by("checked_at", "id")
