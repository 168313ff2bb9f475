"""`/api/downloads/{id}/pictures` and `/api/pictures/`: the icon, the cover and the screenshots of a download."""

from functools import cached_property
from typing import Any, cast

from django.db import models
from django.http import QueryDict
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from files.models import Picture
from files.pictures.ordering import reorder_pictures
from files.pictures.paths import with_sizes
from files.pictures.services import add_picture, remove_picture, update_picture
from files.pictures.storing import StoredPicture, authorize_picture, release_picture, store_picture
from files.policies import picture_policy
from releasehub.api.common.model_mixins import RetrieveModelMixin
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.native.loading import find_download
from releasehub.api.native.picture_serializers import (
    PictureAnswerSerializer,
    PictureCreateSerializer,
    PictureListSerializer,
    PictureOrderSerializer,
    PictureSerializer,
    PictureUpdateSerializer,
)
from releasehub.api.native.serializers import SuccessSerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope

TAG = "pictures"


@extend_schema_view(
    list=extend_schema(summary="List the pictures of a download", responses={200: PictureListSerializer}),
    create=extend_schema(
        summary="Add a picture to a download",
        request={"multipart/form-data": PictureCreateSerializer},
        responses={201: PictureAnswerSerializer},
    ),
)
@extend_schema(tags=[TAG])
class DownloadPictureViewSet(NativeViewSet):
    serializer_class = PictureSerializer
    input_serializer_classes = {"create": PictureCreateSerializer, "reorder": PictureOrderSerializer}
    required_scopes = usual_scopes(Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE) | {"reorder": Scope.DOWNLOAD_WRITE}
    file_actions = frozenset({"create"})
    stored: StoredPicture | None = None

    @cached_property
    def download(self) -> Download:
        return find_download(self.actor, self.kwargs["download_id"])

    @cached_property
    def new_picture(self) -> dict[str, Any]:
        return self.get_validated_data()

    def authorize_upload(self, fields: QueryDict, filename: str) -> int:
        return authorize_picture(actor=self.actor, download=self.download)

    def prepare(self) -> None:
        """Decode the picture and store its sizes before the transaction that adds it."""
        if self.action == "create":
            authorize_picture(actor=self.actor, download=self.download)
            fields = self.new_picture
            upload = fields["file"].staged
            self.stored = store_picture(actor=self.actor, download=self.download, kind=fields["kind"], upload=upload)

    def clear(self) -> None:
        """Release the sizes that `prepare` has stored, unless a picture has taken them over."""
        super().clear()
        if self.stored is not None:
            release_picture(self.stored)

    def create(self, request: Request, download_id: int) -> Response:
        texts = {name: text for name, text in self.new_picture.items() if name in {"alt_text", "caption"}}
        stored = cast(StoredPicture, self.stored)
        picture = add_picture(actor=self.actor, download=self.download, stored=stored, **texts)
        self.stored = None
        return Response({"picture": self.get_serializer(picture).data}, status=201)

    def list(self, request: Request, download_id: int) -> Response:
        pictures = with_sizes(Picture.objects.filter(download=self.download))
        return Response({"pictures": self.get_serializer(pictures.order_by("kind", "display_order"), many=True).data})

    @extend_schema(summary="Put the screenshots of a download into an order", responses={200: PictureListSerializer})
    def reorder(self, request: Request, download_id: int) -> Response:
        public_ids = self.get_validated_data()["pictures"]
        reorder_pictures(actor=self.actor, download=self.download, public_ids=public_ids)
        return self.list(request, download_id)


@extend_schema_view(
    retrieve=extend_schema(summary="Get a picture", responses={200: PictureAnswerSerializer}),
    partial_update=extend_schema(summary="Change the texts of a picture", responses={200: PictureAnswerSerializer}),
    destroy=extend_schema(summary="Remove a picture", responses={200: SuccessSerializer}),
)
@extend_schema(tags=[TAG])
class PictureViewSet(RetrieveModelMixin, NativeViewSet, HubModelViewSet):
    serializer_class = PictureSerializer
    input_serializer_classes = {"partial_update": PictureUpdateSerializer}
    policy = picture_policy
    required_scopes = usual_scopes(Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE)

    def get_object_queryset(self) -> models.QuerySet[Picture]:
        return with_sizes(Picture.objects.select_related("download__category"))

    def get_object_response(self, instance: models.Model, *, status: int = 200) -> Response:
        return Response({"picture": self.get_serializer(instance).data}, status=status)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        picture = update_picture(actor=self.actor, picture=self.get_object(), **self.get_validated_data())
        return self.get_object_response(picture)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        remove_picture(actor=self.actor, picture=self.get_object())
        return Response({"success": True})
