"""A stand-in for hosts like Gitea: releases with Django REST framework, as its tutorial writes them.

It is not Gitea, which is written in Go and is not in the package index. It shows what an ordinary application on the
same stack costs: model serializers, pages with a count, keys in a table, a counter for each file, files sent by Django.
It has no audit log, no events and no webhooks, and everyone with a key may do everything.
"""

import hashlib
import os
import uuid
from pathlib import Path
from typing import Any, ClassVar

import dj_database_url
import django
from django.conf import settings

FILES = Path(os.environ["STAND_IN_FILES"])

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": dict(dj_database_url.parse(os.environ["STAND_IN_DATABASE_URL"], conn_max_age=600))},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=uuid.uuid4().hex,
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.http import FileResponse, HttpRequest  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework import authentication, exceptions, permissions, serializers, viewsets  # noqa: E402
from rest_framework.pagination import PageNumberPagination  # noqa: E402
from rest_framework.routers import SimpleRouter  # noqa: E402


class Key(models.Model):
    digest = models.CharField(max_length=64, unique=True)
    username = models.CharField(max_length=100)
    is_authenticated = True

    objects: ClassVar[models.Manager["Key"]] = models.Manager()

    class Meta:
        app_label = "stand_in"

    def __str__(self) -> str:
        return self.username


class Release(models.Model):
    """A row of the table that the baseline of this benchmark uses as well."""

    download_id = models.BigIntegerField()
    number = models.CharField(max_length=128)
    version_int = models.BigIntegerField(default=0)
    release_notes = models.TextField(blank=True, default="")
    changelog = models.TextField(blank=True, default="")
    released_at = models.DateTimeField(auto_now_add=True)
    is_published = models.BooleanField(default=True)
    file_count = models.IntegerField(default=0)
    download_count = models.BigIntegerField(default=0)
    title = models.CharField(max_length=256, blank=True, default="")
    primary_file_id = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["Release"]] = models.Manager()

    class Meta:
        app_label = "stand_in"
        db_table = "versions"
        ordering = ["-released_at", "-id"]

    def __str__(self) -> str:
        return self.number


class Asset(models.Model):
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    download_count = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["Asset"]] = models.Manager()

    class Meta:
        app_label = "stand_in"

    def __str__(self) -> str:
        return self.name


class KeyAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme != "token":
            return None
        key = Key.objects.filter(digest=hashlib.sha256(text.encode()).hexdigest()).first()
        if key is None:
            raise exceptions.AuthenticationFailed
        return key, key


class Pages(PageNumberPagination):
    page_size = 20


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    class Meta:
        model = Release
        fields = "__all__"


class AssetSerializer(serializers.ModelSerializer[Asset]):
    class Meta:
        model = Asset
        fields = "__all__"
        read_only_fields = ["name", "size", "sha256", "download_count"]

    file = serializers.FileField(write_only=True)

    def create(self, validated_data: Any) -> Asset:
        file, digest = validated_data["file"], hashlib.sha256()
        with (FILES / uuid.uuid4().hex).open("xb") as out:
            for chunk in file.chunks():
                digest.update(chunk)
                out.write(chunk)
        return Asset.objects.create(name=out.name, size=file.size, sha256=digest.hexdigest())


class ReleaseViewSet(viewsets.ModelViewSet[Release]):
    serializer_class = ReleaseSerializer
    authentication_classes = (KeyAuthentication,)
    permission_classes = (permissions.IsAuthenticatedOrReadOnly,)
    pagination_class = Pages

    def get_queryset(self) -> Any:
        download = self.request.query_params.get("download_id")
        return Release.objects.filter(download_id=download) if download else Release.objects.all()


class AssetViewSet(viewsets.ModelViewSet[Asset]):
    queryset = Asset.objects.all()
    serializer_class = AssetSerializer
    authentication_classes = (KeyAuthentication,)
    permission_classes = (permissions.IsAuthenticatedOrReadOnly,)


def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """Send the file and count the download, in the row of the file."""
    asset = get_object_or_404(Asset, pk=pk)
    with transaction.atomic():
        Asset.objects.filter(pk=pk).update(download_count=models.F("download_count") + 1)
    return FileResponse(Path(asset.name).open("rb"), as_attachment=True)


router = SimpleRouter()
router.register("releases", ReleaseViewSet, "release")
router.register("assets", AssetViewSet, "asset")
urlpatterns = [path("api/v1/", include(router.urls)), path("attachments/<int:pk>", attachment)]
application = get_wsgi_application()
