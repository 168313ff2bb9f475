"""`/version_file/{hash}`."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from releasehub.api.engine.schema import documented_files
from releasehub.api.engine.serializers import EngineFileDeleteQuerySerializer, EngineVersionSerializer
from releasehub.api.engine.viewsets import EngineViewSet, InvalidQuery
from releasehub.apikeys.scopes import Scope
from releasehub.publishing.deletion import delete_file
from versions.models import Version


@documented_files
class EngineFileViewSet(EngineViewSet):
    queryset = File.objects.all()
    serializer_class = EngineVersionSerializer
    required_scopes = {"retrieve": Scope.VERSION_READ, "destroy": Scope.VERSION_WRITE}

    def retrieve(self, request: Request, hash: str) -> Response:
        """The newest by version order of those that offer these bytes.  Errors: Http404."""
        files = File.objects.passed().filter(version__download=self.download).with_digest(hash)
        rows = Version.objects.visible_in(self.actor, self.download).filter(pk__in=files.values("version"))
        version = rows.select_related("author").order_by("-sort_key", "-id").first()
        if version is None:
            raise Http404
        return self.get_tagged_response(version, self.shown([version])[0])

    def destroy(self, request: Request, hash: str) -> Response:
        """Errors: Http404; InvalidQuery where it is not clear whose file is meant."""
        options = self.queried(EngineFileDeleteQuerySerializer)
        version_id = options.pop("version_id", "")
        versions = Version.objects.visible_in(self.actor, self.download)
        rows = File.objects.fetchable_in(self.actor, self.download).filter(version__in=versions).with_digest(hash)
        if version_id:
            rows = rows.filter(version__public_id=version_id)
        found = list(rows.select_related("version__download__category", "blob").order_by("id")[:2])
        if not found:
            raise Http404
        if len(found) > 1:
            raise InvalidQuery({"version_id": ["Several versions hold these bytes: say whose file goes."]})
        delete_file(actor=self.actor, file=found[0], **options)
        return Response(status=204)
