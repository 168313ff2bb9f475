"""`/version_file/{hash}`: the version that has a file with this checksum, and the removal of the file."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from releasehub.api.common.model_viewsets import RetrieveModelMixin
from releasehub.api.engine.errors import InvalidQuery
from releasehub.api.engine.input_serializers import EngineFileDeleteQuerySerializer
from releasehub.api.engine.schema import documented_files
from releasehub.api.engine.viewsets import EngineModelViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.publishing.deletion import delete_file
from versions.models import Version


@documented_files
class EngineFileViewSet(RetrieveModelMixin, EngineModelViewSet):
    queryset = File.objects.all()
    required_scopes = {"retrieve": Scope.VERSION_READ, "destroy": Scope.VERSION_WRITE}

    def get_object(self) -> Version:
        """Return the version that offers the file; if several do, the newest one by version order.

        Raises:
            Http404: No version that the caller may see offers such a file.
        """
        files = File.objects.passed().filter(version__download=self.download).with_digest(self.kwargs["hash"])
        rows = Version.objects.visible_in(self.actor, self.download).filter(pk__in=files.values("version"))
        version: Version | None = rows.select_related("author").order_by("-sort_key", "-id").first()
        if version is None:
            raise Http404
        return version

    def destroy(self, request: Request, hash: str) -> Response:
        options = self.get_validated_query(EngineFileDeleteQuerySerializer)
        file = self.get_file(options.pop("version_id", ""))
        delete_file(actor=self.actor, file=file, **options)
        return Response(status=204)

    def get_file(self, version_id: str) -> File:
        """Return the file with the checksum of the URL, of one version if `version_id` is not empty.

        Raises:
            Http404: There is no such file, or the caller may not download it.
            InvalidQuery: Several versions have such a file, and the request names none of them.
        """
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
