"""Fixtures of all tests: the database, a storage folder for each test, shared rows, and a client that sends a key.

`docs/testing.md` shows how to use them.
"""

from __future__ import annotations

import copyreg
import functools
import gc
import itertools
import os
import pickle
import shutil
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.loaders
import hypothesis
import pytest
from django.conf import settings as current
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished, request_started, setting_changed
from django.db import close_old_connections, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client, TransactionTestCase, override_settings
from django.test.client import ClientHandler
from storages.backends.s3 import S3Storage
from whitenoise.middleware import WhiteNoiseMiddleware
from xdist.scheduler import LoadFileScheduling

from files.storage import LocalStorage, blob_storage
from tests import migrated_database
from tests.hubs import PreparedData
from tests.services.processes import adopt_orphans, children, end_survivors
from tests.undoing import clear_caches, undone

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# On a busy machine, an example may take any time; only its result counts.
hypothesis.settings.register_profile(
    "any-speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-speed")
CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --font-render-hinting=none"
)
# A world that holds a client is stored without the loaded middleware, which has local functions.
copyreg.pickle(ClientHandler, lambda handler: (ClientHandler, (handler.enforce_csrf_checks,)))
# What `load_middleware` of Django sets, and the settings that `storage_of_its_own` changes, which no middleware reads.
LOADED_MIDDLEWARE = ("_middleware", "_middleware_chain")
SETTINGS_OF_EVERY_TEST = {"FILES_DIR", "STORAGES"}
# Modules whose tests take this many times as long as others; the longest start first, so that no process idles long.
TIMES_AS_LONG = {
    "tests/api/test_bad_bodies.py": 20,
    "tests/api/test_keys_in_requests.py": 15,
    "tests/api/test_nulls.py": 12,
    "tests/api/test_rights_before_bytes.py": 6,
    "tests/api/test_slashes.py": 3,
    "tests/backoffice/test_admin_pages.py": 120,
    "tests/backoffice/test_browser.py": 20,
    "tests/backoffice/test_choices.py": 20,
    "tests/backoffice/test_hostile_values.py": 12,
    "tests/backoffice/test_offers.py": 21,
    "tests/browser/test_accounts.py": 30,
    "tests/browser/test_journeys.py": 25,
    "tests/browser/test_people.py": 84,
    "tests/browser/test_uploads.py": 35,
    "tests/cli/test_publish.py": 3,
    "tests/cli/test_resume.py": 10,
    "tests/cli/test_uploads.py": 4,
    "tests/faults/test_faults.py": 84,
    "tests/files/uploads/test_external.py": 4,
    "tests/importing/test_hub_to_hub.py": 16,
    "tests/importing/test_importing.py": 3,
    "tests/live/test_image.py": 13,
    "tests/live/test_serve.py": 25,
    "tests/live/test_slow_peers.py": 24,
    "tests/live/test_uploads.py": 5,
    "tests/operations/test_docs.py": 16,
    "tests/operations/test_restore.py": 8,
    "tests/pages/test_browser.py": 37,
    "tests/pages/test_snapshots.py": 15,
    "tests/parsing/test_archive_cost.py": 9,
    "tests/parsing/test_patterns.py": 13,
    "tests/parsing/test_pumped_inputs.py": 6,
    "tests/parsing/test_requests.py": 10,
    "tests/publishing/test_surfaces.py": 20,
    "tests/server/test_dashboard.py": 6,
    "tests/server/test_demo.py": 14,
    "tests/server/test_telemetry.py": 14,
    "tests/test_english.py": 3,
    "tests/test_forms.py": 73,
    "tests/test_visibility.py": 6,
    "tests/upgrade/test_release.py": 5,
    "tests/upgrade/test_squashed.py": 23,
    "tests/webhooks/test_namespace.py": 3,
}

# Modules that one process runs, and the name of what they share there.
RUN_TOGETHER = {
    "tests/backoffice/test_admin_pages.py": "browser on a live server",
    "tests/backoffice/test_browser.py": "browser on a live server",
    "tests/pages/test_browser.py": "browser on a live server",
    "tests/pages/test_snapshots.py": "browser on a live server",
    "tests/browser/test_accounts.py": "browser on hubs",
    "tests/browser/test_journeys.py": "browser on hubs",
    "tests/browser/test_people.py": "browser on hubs",
    "tests/browser/test_uploads.py": "browser on hubs",
}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the Chromium of the system for every test with a browser. CHROMIUM names another program.

    The shell without windows needs a third of the CPU time.
    """
    program = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not program:
        pytest.skip("Chromium is not installed; on Debian: apt-get install chromium-headless-shell.")
    return {**browser_type_launch_args, "executable_path": program, "args": CHROMIUM_FLAGS.split(" ")}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
) -> None:
    """Skip the migrations on SQLite, and on PostgreSQL in all test processes but the first one.

    SQLite is restored from a stored database, and PostgreSQL copies the one that the first process has migrated.
    """
    options = connection.settings_dict["TEST"]
    options["MIGRATE"] = connection.vendor != "sqlite" and worker_id == "master"
    if connection.vendor == "postgresql" and worker_id != "master":
        with django_db_blocker.unblock():
            options["TEMPLATE"] = migrated_database.ensure_template(tmp_path_factory.getbasetemp().parent)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, monkeypatch_session: pytest.MonkeyPatch
) -> Iterator[None]:
    """Create the test database, and close every connection before it goes.

    PostgreSQL drops no database that is in use, and Django gives a connection to the event loop of Playwright and to
    each thread of a live server.
    """
    restore = migrated_database.restore_rows
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            restore = functools.partial(migrated_database.restore, migrated_database.ensure_stored())
            restore()
        else:
            migrated_database.remember_rows()
    # After a test that commits, this is faster than emptying all tables, and keeps what the migrations created.
    monkeypatch_session.setattr(TransactionTestCase, "_fixture_teardown", lambda case: restore())
    opened: weakref.WeakSet[Any] = weakref.WeakSet()

    def remember(connection: Any, **_: Any) -> None:
        opened.add(connection)

    connection_created.connect(remember)
    yield
    for one in opened:
        one.inc_thread_sharing()
        one.close()
    connection_created.disconnect(remember)


@pytest.fixture(scope="session")
def monkeypatch_session() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session", autouse=True)
def no_process_survives() -> Iterator[None]:
    """Fail the run if a process that a test started still runs after the last test, and end the process."""
    adopt_orphans()
    before = children()
    yield
    assert end_survivors(before) == []


@pytest.fixture(scope="session", autouse=True)
def prepared_data(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Set the folder where the hubs of all test processes find the data directory that one of them has prepared."""
    own = tmp_path_factory.getbasetemp()
    PreparedData.folder = (own if worker_id == "master" else own.parent) / "prepared-hubs"


@contextmanager
def static_files_found_once() -> Iterator[None]:
    """Look up the static files once, because every client starts the middleware again and no test changes them."""
    look_up = WhiteNoiseMiddleware.add_files_from_finders
    known: dict[Any, dict[str, Any]] = {}

    def add_files(middleware: Any) -> None:
        how = (middleware.static_prefix, middleware.max_age, middleware.charset, middleware.allow_all_origins)
        before = middleware.files
        if how not in known:
            middleware.files = {}
            look_up(middleware)
            known[how] = middleware.files
        middleware.files = before | known[how]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)
        yield


@contextmanager
def middleware_loaded_once() -> Iterator[None]:
    """Let all clients share the loaded middleware until a test changes a setting, which middleware may have read."""
    loaded: dict[str, Any] = {}

    def load_middleware(handler: ClientHandler) -> None:
        if not loaded:
            BaseHandler.load_middleware(handler)
            loaded.update((name, value) for name, value in vars(handler).items() if name.endswith(LOADED_MIDDLEWARE))
        vars(handler).update(loaded)

    def forget(*, setting: str, **_: Any) -> None:
        if setting not in SETTINGS_OF_EVERY_TEST:
            loaded.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_middleware)
        yield
    setting_changed.disconnect(forget)


@contextmanager
def s3_models_loaded_once() -> Iterator[None]:
    """Share botocore's parsed description of the S3 API between the clients of all tests.

    A process of the hub makes one client and keeps it; here every test makes its own, of which the parsing of the
    description was six sevenths of the CPU time (0.10 s of 0.12 s).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(botocore.loaders.create_loader))
        yield


@contextmanager
def s3_client_made_once() -> Iterator[None]:
    """Let the storages of all tests with the same options share one client, as those of a process of the hub do.

    Making a client for each test was a fifth of the CPU time of tests that store a file on S3. Other threads make their
    own, because a resource of boto3 may be used by one thread only.
    """
    make = S3Storage.connection.fget
    made: list[tuple[Any, Any]] = []

    def connection(storage: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return make(storage)
        for options, known in made:
            if options == storage._constructor_args:
                return known
        made.append((storage._constructor_args, make(storage)))
        return made[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Storage, "connection", property(connection))
        yield


@contextmanager
def no_file_waits_for_the_disk() -> Iterator[None]:
    """Leave written files in the memory of the system, because no test ends in a power failure.

    `tests/files/storage/test_local_writer.py` checks that the hub waits. The hubs that tests start do so, too.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("files.storage.local_writer.os.fsync", lambda descriptor: None)
        yield


@contextmanager
def rows_may_have_no_stored_files() -> Iterator[None]:
    """Let tests begin with rows of files that nobody has stored. A hub would take its folder for an empty mount point.

    `tests/files/storage/test_local_storage.py` checks that it does.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("files.storage.local_writer._ensure_mounted", lambda root: None)
        yield


@contextmanager
def connections_outlive_responses() -> Iterator[None]:
    """Keep the connection that holds the transaction of the test open when the test closes a response.

    Django's client does that only for responses that it closes itself, and connects the receiver again each time. Live
    servers close the connections of their threads by themselves.
    """

    def keep_connections(**_: Any) -> None:
        pass

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.client.close_old_connections", keep_connections)
        yield
    for signal in signals:
        signal.connect(close_old_connections)


@contextmanager
def threads_close_their_connections() -> Iterator[None]:
    """Let a thread close its connection to the SQLite database in memory, which Python 3.13 demands.

    Django ignores that, because the database ends with its last connection. That is the one of the main thread, which
    stays open.
    """
    close = DatabaseWrapper.close

    def close_in_memory(connection: DatabaseWrapper) -> None:
        is_shared = connection._thread_ident == threading.main_thread().ident
        (close if is_shared else BaseDatabaseWrapper.close)(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseWrapper, "close", close_in_memory)
        yield


PATCHES = (
    static_files_found_once,
    middleware_loaded_once,
    s3_models_loaded_once,
    s3_client_made_once,
    no_file_waits_for_the_disk,
    rows_may_have_no_stored_files,
    connections_outlive_responses,
    threads_close_their_connections,
)


@pytest.fixture(scope="session", autouse=True)
def patched() -> Iterator[None]:
    """Apply all patches of the run. A fixture for each of them would be looked up again by every test."""
    with ExitStack() as stack:
        for patch in PATCHES:
            stack.enter_context(patch())
        yield


@pytest.fixture(scope="session")
def new_storage_path(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a function that names a folder which does not exist yet, for the stored files of one test.

    Nearly all tests store nothing, so nothing is created. `tmp_path` creates a folder and lists those of all earlier
    tests each time, which took a sixteenth of the run.
    """
    parent, numbers = tmp_path_factory.mktemp("storage"), itertools.count()
    return lambda: parent / str(next(numbers)) / "files"


@pytest.fixture(autouse=True)
def storage_of_its_own(new_storage_path: Callable[[], Path], settings: Any) -> Iterator[None]:
    """Store files in a folder of the test. On S3, all tests share one bucket, with keys that never repeat."""
    for name, value in stored_in(new_storage_path()).items():
        setattr(settings, name, value)
    clear_caches()
    yield
    clear_caches()


def stored_in(folder: Path) -> dict[str, Any]:
    """Return settings that store local files in this folder."""
    places = {"default": folder.parent / "media"}
    if current.STORAGE_KIND == "local":
        places["releases"] = folder
    storages = {
        name: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": place, "base_url": None},
        }
        for name, place in places.items()
    }
    return {"FILES_DIR": folder, "STORAGES": current.STORAGES | storages}


@dataclass
class Ready:
    """Rows and files that several tests begin with. Each test takes a copy, and its changes are rolled back."""

    rows: bytes
    folder: Path

    def take(self) -> Any:
        if any(self.folder.iterdir()):
            shutil.copytree(self.folder, current.FILES_DIR, dirs_exist_ok=True)
        return pickle.loads(self.rows)  # noqa: S301 - made by this process; copying takes several times as long


@pytest.fixture(scope="session")
def make_ready(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Callable[[], Any]], AbstractContextManager[Ready]]:
    """Keep the rows that `build` creates in the database while the block runs, for fixtures of a module or class.

    The transactions of the tests are nested in it, so every test sees the rows, and no test may use `transaction`.
    """

    @contextmanager
    def ready(build: Callable[[], Any]) -> Iterator[Ready]:
        folder = tmp_path_factory.mktemp("ready")
        block = transaction.atomic()
        block._from_testcase = True  # as in Django's TestCase, so that the code may start an outermost transaction
        with django_db_blocker.unblock(), block:
            with override_settings(**stored_in(folder)):
                rows = build()
            try:
                yield Ready(pickle.dumps(rows), folder)
            finally:
                transaction.set_rollback(True)

    return ready


class Scheduling(LoadFileScheduling):
    """Let one process run all modules that share a browser or a hub, because each process starts its own."""

    def _split_scope(self, nodeid: str) -> str:
        module = super()._split_scope(nodeid)
        return RUN_TOGETHER.get(module, module)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start two processes more than there are cores.

    Tests that wait for a server, a browser or a timer left the cores idle for a third of the run with one more.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Exclude from garbage collection what lives as long as the run: modules, models and the collected tests.

    Visiting them again and again took a fifth of the CPU time of the collection, and a twelfth of that of the tests of
    an API.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    yield
    group_by_world(items)
    if hasattr(config, "workerinput"):
        start_with_longest(items)


def group_by_world(items: list[pytest.Item]) -> None:
    """Move the tests of a module that begin with the same world next to each other, so that it is built only once."""
    places: dict[Any, int] = {}

    def place(item: pytest.Item) -> int:
        world = getattr(item, "callspec", None) and item.callspec.params.get("ready")
        return places.setdefault((module_of(item), world) if world else item, len(places))

    items.sort(key=place)


def start_with_longest(items: list[pytest.Item]) -> None:
    """Sort the modules in the order in which xdist distributes them to its processes."""
    counts = Counter(map(module_of, items))
    items.sort(key=lambda item: counts[module_of(item)] * TIMES_AS_LONG.get(module_of(item), 1), reverse=True)


def module_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def begin_with(build: Callable[[], Any]) -> pytest.MarkDecorator:
    """Use this function to build `world`, once per module for all tests that begin with it."""
    return pytest.mark.parametrize("ready", [build], indirect=True, ids=[pytest.HIDDEN_PARAM], scope="module")


def for_each(cases: Iterable[tuple[Any, ...]], *, begin: Callable[[], Any]) -> Callable[[Callable[..., None]], Any]:
    """Turn a check of one case into one test: every case begins with the same rows, and is named when it fails.

    A test of its own for each case took three times as long.
    """

    known = list(cases)

    def decorate(check: Callable[..., None]) -> Any:
        def run(ready: Ready, subtests: pytest.Subtests) -> None:
            assert known
            for case in known:
                with subtests.test(" ".join(map(str, case))), undone():
                    check(ready.take(), *case)

        run.__doc__ = check.__doc__
        return begin_with(begin)(run)

    return decorate


@pytest.fixture(scope="module")
def ready(request: pytest.FixtureRequest, make_ready: Any) -> Iterator[Ready]:
    """Return the world of the test. The parameter is the function that builds it; see `begin_with`."""
    with make_ready(request.param) as made:
        yield made


@pytest.fixture
def world(ready: Ready) -> Any:
    return ready.take()


@pytest.fixture
def local_storage(settings: Any) -> Iterator[LocalStorage]:
    """Use a local folder, even if the suite runs on S3: for tests that look at everything that is stored."""
    settings.STORAGE_KIND = "local"
    location = {"location": settings.FILES_DIR, "base_url": None}
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
        """Send a request, with a JSON body for every method except GET."""
        options.setdefault("content_type", "application/json")
        return getattr(self, method.lower())(path, data if data is not None else {}, **options)


@pytest.fixture
def api() -> type[ApiClient]:
    return ApiClient


@pytest.fixture
def run_tasks(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """Return a context manager at whose end all tasks run that the block would start after its commit."""
    from releasehub.server.celery import app

    app.loader.import_default_modules()

    def run(name: str, args: tuple[Any, ...] = (), **options: Any) -> None:
        app.tasks[name](*args)

    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", run, raising=False)
    return lambda: django_capture_on_commit_callbacks(execute=True)
