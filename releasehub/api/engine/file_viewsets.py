"""`/version_file/{hash}` and `/version_files`: versions by the checksums of their files, and the removal of a file."""

from collections import defaultdict
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.querysets import FileQuerySet
from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.common.model_mixins import RetrieveModelMixin
from releasehub.api.common.parsers import JsonParser
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.engine import terms
from releasehub.api.engine.errors import InvalidQuery
from releasehub.api.engine.filters import parse_list
from releasehub.api.engine.input_serializers import (
    EngineFileDeleteQuerySerializer,
    EngineFilesInputSerializer,
    EngineFileUpdateInputSerializer,
)
from releasehub.api.engine.schema import documented_by_checksums, documented_files, documented_newest, documented_owners
from releasehub.api.engine.viewsets import EngineModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.gate import refuse_quarantined
from releasehub.distribution.latest import latest_version
from releasehub.publishing.deletion import delete_file
from versions.models import Version
from versions.querysets import VersionQuerySet

DIGESTS = ("blob__sha512", "blob__sha256", "external_sha512", "external_sha256")


@documented_files
class EngineFileViewSet(RetrieveModelMixin, EngineModelViewSet):
    input_serializer_classes = {"newest": EngineFileUpdateInputSerializer, "many": EngineFilesInputSerializer}
    parser_classes = [JsonParser]
    open_actions = frozenset({"retrieve", "newest", "many", "owners"})
    required_scopes = usual_scopes(Scope.VERSION_READ, Scope.VERSION_WRITE) | dict.fromkeys(
        ("newest", "many", "owners"), Scope.VERSION_READ
    )

    def get_object(self) -> Version:
        """Return the version that offers the file; if several do, the newest one by version order."""
        files = self.get_offered_files([self.kwargs["hash"]])
        version: Version | None = self.get_versions_of(files).select_related("author").first()
        if version is None:
            self.refuse_quarantined_files()
            raise Http404
        return version

    def refuse_quarantined_files(self) -> None:
        """Check that the checksum does not belong to a quarantined file."""
        versions = Version.objects.visible_in(self.actor, self.download)
        rows = File.objects.validated().filter(version__in=versions, quarantine__isnull=False)
        if file := rows.with_digest(self.kwargs["hash"]).select_related("quarantine").first():
            refuse_quarantined(file)

    def get_offered_files(self, hashes: list[str]) -> FileQuerySet:
        """Return files with these checksums, also of versions that the caller may not see."""
        return File.objects.passed().filter(version__download=self.download).with_digests(hashes)

    def get_versions_of(self, files: FileQuerySet) -> VersionQuerySet:
        """Return the versions of the files that the caller may see, the newest one first."""
        rows: VersionQuerySet = Version.objects.visible_in(self.actor, self.download)
        return rows.filter(pk__in=files.values("version")).order_by("-sort_key", "-id")

    @documented_newest
    def newest(self, request: Request, hash: str) -> Response:
        """Answer with the newest version for a client that has the file, or with its own version if none is newer."""
        wanted, query = self.get_validated_data(), self.get_validated_query(CooldownQuerySerializer)
        own = self.get_object()
        file = self.get_offered_files([hash]).filter(version=own).order_by("id").first()
        if file is None:  # it was deleted in the meantime
            raise Http404
        version = latest_version(
            self.download,
            channel=terms.channel_of(wanted.get("channel", "").lower()) or own.channel,
            platform=wanted.get("platform", file.platform).lower(),
            architecture=wanted.get("architecture", file.architecture).lower(),
            cooldown=query["cooldown"],
        )
        if version is None or bytes(version.sort_key) < bytes(own.sort_key):
            version = own
        return self.get_object_response(version)

    @documented_by_checksums
    def many(self, request: Request) -> Response:
        """Answer with an object that maps each known checksum, as it was sent, to the newest version of its file."""
        return Response(self.find_versions(self.get_validated_data()["hashes"]))

    @documented_owners
    def owners(self, request: Request) -> Response:
        """Answer with the newest version of each file, in the requested order and each one once."""
        versions = self.find_versions(parse_list(request.query_params, "hashes"))
        if not versions:
            raise Http404
        return Response(list({version["id"]: version for version in versions.values()}.values()))

    def find_versions(self, hashes: list[str]) -> dict[str, Any]:
        """Return the newest version of the file with each known checksum, as responses show it."""
        files = self.get_offered_files(hashes)
        digests: dict[int, set[str]] = defaultdict(set)
        for version_id, *values in files.values_list("version", *DIGESTS):
            digests[version_id].update(filter(None, values))
        pk_by_digest: dict[str, int] = {}
        for pk in self.get_versions_of(files).values_list("pk", flat=True):
            for digest in digests[pk]:
                pk_by_digest.setdefault(digest, pk)
        found = {text: pk_by_digest[text.lower()] for text in hashes if text.lower() in pk_by_digest}
        versions = list(Version.objects.filter(pk__in=found.values()).select_related("author")) if found else []
        shown = self.get_serializer(versions, many=True).data
        by_pk: dict[int, Any] = {version.pk: data for version, data in zip(versions, shown, strict=True)}
        return {text: by_pk[pk] for text, pk in found.items()}

    def destroy(self, request: Request, hash: str) -> Response:
        options = self.get_validated_query(EngineFileDeleteQuerySerializer)
        file = self.get_file(options.pop("version_id", ""))
        self.check_if_match(lambda: self.lock_object(file.version))
        delete_file(actor=self.actor, file=file, **options)
        return Response(status=204)

    def get_file(self, version_id: str) -> File:
        """Return the file with the checksum of the URL, of one version if `version_id` is not empty."""
        versions = Version.objects.visible_in(self.actor, self.download)
        rows = File.objects.fetchable_in(self.actor, self.download).filter(version__in=versions)
        rows = rows.with_digest(self.kwargs["hash"])
        if version_id:
            rows = rows.filter(version__public_id=version_id)
        files: list[File] = list(rows.select_related("version__download__category", "blob").order_by("id")[:2])
        if not files:
            raise Http404
        if len(files) > 1:
            message = "Several versions have a file with this checksum. Name the version whose file is to be removed."
            raise InvalidQuery({"version_id": [message]})
        return files[0]
