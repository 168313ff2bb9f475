"""Fixtures every test may use: a storage of its own, and an API client that speaks with a key."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.backends.signals import connection_created
from django.test import Client

from files.storage import LocalStorage, blob_storage

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test databases; before they go every connection is closed, because PostgreSQL drops none that is in use.

    Playwright runs its own event loop and a live server its own threads: Django gives each of them a connection.
    """
    opened: weakref.WeakSet[Any] = weakref.WeakSet()

    def remember(connection: Any, **_: Any) -> None:
        opened.add(connection)

    connection_created.connect(remember)
    yield
    for connection in opened:
        connection.inc_thread_sharing()
        connection.close()
    connection_created.disconnect(remember)


@pytest.fixture(autouse=True)
def storage_of_its_own(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Local files in the test's own folder; on S3 one bucket serves all, under keys that never repeat."""
    settings.FILES_DIR = tmp_path / "files"
    if settings.STORAGE_KIND == "local":
        settings.STORAGES = settings.STORAGES | {
            "releases": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": tmp_path / "files", "base_url": None},
            }
        }
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def local_storage(settings: Any, tmp_path: Path) -> Iterator[LocalStorage]:
    """The test's own folder, also where the suite runs on S3: for tests that look at everything that is stored."""
    settings.STORAGE_KIND = "local"
    location = {"location": tmp_path / "files", "base_url": None}
    releases = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": location}
    settings.STORAGES = settings.STORAGES | {"releases": releases}
    blob_storage.cache_clear()
    yield LocalStorage()
    blob_storage.cache_clear()


class ApiClient(Client):
    """A client that sends one key, and reads and writes JSON."""

    def __init__(self, key: str = "", **defaults: Any) -> None:
        headers = {"XF-Api-Key": key} if key else {}
        super().__init__(headers=headers, **defaults)

    def send(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """JSON body for every method but GET."""
        options.setdefault("content_type", "application/json")
        return getattr(self, method.lower())(path, data if data is not None else {}, **options)


@pytest.fixture
def api() -> type[ApiClient]:
    return ApiClient


@pytest.fixture
def run_tasks(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """A context in which after-commit hints are carried out at once, by the real tasks."""
    from releasehub.celery import app

    app.loader.import_default_modules()

    def run(name: str, args: tuple[Any, ...] = (), **options: Any) -> None:
        app.tasks[name](*args)

    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", run, raising=False)
    return lambda: django_capture_on_commit_callbacks(execute=True)
