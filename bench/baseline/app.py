"""The baseline: the least work that Django can do for each job.

A request runs one indexed query and builds its JSON by hand. There is no authentication and no middleware.
"""

import hashlib
import os
import uuid
from pathlib import Path
from typing import IO, Any

import dj_database_url
import django
import orjson
from django.conf import settings

UPLOADS = Path(os.environ["BASELINE_UPLOADS"])
POOL_SIZE = int(os.environ["RELEASEHUB_DATABASE_POOL"])


def database() -> dict[str, Any]:
    """Return the database settings, with the same connection pooling as ReleaseHub."""
    config: dict[str, Any] = dict(dj_database_url.parse(os.environ["BASELINE_DATABASE_URL"], conn_max_age=600))
    if POOL_SIZE:
        config["CONN_MAX_AGE"] = 0
        config["OPTIONS"] = {"pool": {"min_size": 1, "max_size": POOL_SIZE, "timeout": 10}}
    return config


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": database()},
    FILE_UPLOAD_HANDLERS=[f"{__name__}.HashingHandler"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY=uuid.uuid4().hex,
    USE_TZ=True,
)
django.setup()

from django.core.files.uploadedfile import UploadedFile  # noqa: E402
from django.core.files.uploadhandler import FileUploadHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.urls import path  # noqa: E402

COLUMNS = (
    "id", "download_id", "number", "version_int", "release_notes", "changelog", "released_at", "is_published",
    "file_count", "download_count", "title", "primary_file_id",
)  # fmt: skip
SELECT = f"SELECT {', '.join(COLUMNS)} FROM versions"
LIST = f"{SELECT} WHERE download_id = %s ORDER BY released_at DESC, id DESC LIMIT 20"
DETAIL = f"{SELECT} WHERE id = %s"
INSERT = """
INSERT INTO versions (download_id, number, version_int, release_notes, changelog, released_at, is_published,
                      file_count, download_count, title, primary_file_id)
VALUES (%s, %s, 0, '', '', now(), true, 0, 0, '', 0) RETURNING id
"""
LINK = "SELECT url FROM links WHERE slug = %s AND number = %s AND name = %s"


class HashingHandler(FileUploadHandler):
    """An upload handler that computes the same digests as ReleaseHub and syncs the file to disk before the response."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.hashes = [hashlib.new(name, usedforsecurity=False) for name in ("sha256", "sha512", "md5")]
        self.out: IO[bytes] = (UPLOADS / uuid.uuid4().hex).open("xb", buffering=0)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        for digest in self.hashes:
            digest.update(raw_data)
        self.out.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        os.fsync(self.out.fileno())
        self.out.close()
        return UploadedFile(file=None, name=self.hashes[0].hexdigest(), size=file_size)


def query(sql: str, *values: int | str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def answer(data: object, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(data), status=status, content_type="application/json")


def versions(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        body = orjson.loads(request.body)
        return answer({"id": query(INSERT, body["download_id"], body["version_string"])[0][0]}, 201)
    rows = query(LIST, int(request.GET["download_id"]))
    return answer({"versions": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})


def version(request: HttpRequest, pk: int) -> HttpResponse:
    return answer(dict(zip(COLUMNS, query(DETAIL, pk)[0], strict=True)))


def link(request: HttpRequest, slug: str, number: str, name: str) -> HttpResponse:
    return HttpResponseRedirect(query(LINK, slug, number, name)[0][0])


def upload(request: HttpRequest) -> HttpResponse:
    file: Any = request.FILES["file"]
    return answer({"size": file.size, "sha256": file.name}, 201)


urlpatterns = [
    path("versions/", versions),
    path("versions/<int:pk>/", version),
    path("d/<str:slug>/<str:number>/<str:name>", link),
    path("upload", upload),
]
application = get_wsgi_application()
