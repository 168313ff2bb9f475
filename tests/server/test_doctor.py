"""`manage.py doctor`: a healthy hub passes, and each kind of trouble is named together with what to do."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core import mail as outbox
from django.core.checks import ERROR, INFO, WARNING, CheckMessage, Info
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from redis.exceptions import ReadOnlyError

from files.storage import LocalStorage, blob_storage
from releasehub.core.errors import StorageUnavailable
from releasehub.operations.migrations._jit import switch_off
from releasehub.operations.models import BackupRun
from releasehub.operations.records import record_backup, record_failure
from releasehub.server.doctor import (
    background,
    backups,
    certificate,
    clock,
    database,
    disk,
    hub,
    mail,
    public_url,
    registry,
    runs,
    storage,
)
from releasehub.server.doctor.requests import ProbeResponse
from tests.serving import serving


def diagnosis(*only: str) -> tuple[dict[str, Any], int]:
    """Return the JSON document of the command and its exit code."""
    output, code = StringIO(), 0
    try:
        call_command("doctor", "--json", *[f"--only={name}" for name in only], stdout=output)
    except SystemExit as ended:
        code = int(str(ended.code))
    return json.loads(output.getvalue()), code


def levels(messages: Any) -> list[int]:
    """Return the levels, after checking that every problem says what to do."""
    found: list[CheckMessage] = list(messages)
    assert all(message.hint for message in found if message.level >= WARNING)
    return [message.level for message in found]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL compiles queries.")
def test_jit_is_off_after_its_migration_and_named_otherwise() -> None:
    # The default of a role belongs to one database, and copies of a migrated database do not have it.
    switch_off(None, SimpleNamespace(connection=connection))
    assert levels(database.check_database()) == [INFO]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = on")
    (message,) = database.check_database()
    assert message.level == WARNING
    with connection.cursor() as cursor:
        cursor.execute(str(message.hint).partition("PostgreSQL: ")[2].partition(";")[0])


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL has standbys.")
def test_a_database_that_refuses_changes_is_an_error() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
        message = next(iter(database.check_database()))
        transaction.set_rollback(True)
    assert (message.level, "standby" in message.msg) == (ERROR, True)


@pytest.mark.django_db
def test_a_healthy_hub_passes() -> None:
    checks = (
        "settings",
        "migrations",
        "clock",
        "replica",
        "database",
        "storage",
        "cors",
        "broker",
        "mail",
        "disk",
        "public-url",
        "proxy",
        "backup",
    )
    document, code = diagnosis(*checks, "certificate")
    problems = [finding for finding in document["findings"] if finding["status"] == "error"]
    assert (code, document["ok"], problems) == (0, True, [])
    assert {finding["name"] for finding in document["findings"]} == {*checks, "certificate"}


@pytest.mark.embedded
def test_errors_are_printed_with_a_hint_and_end_with_code_1(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.REDIS_URL, settings.WEB_PORT = "", "1"
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--only", "workers", "--only", "mail")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ERROR    workers: No hub answers at http://127.0.0.1:1/metrics.")
    assert lines[1].strip() == background.NOT_RUNNING_HINT
    assert lines[2].startswith("OK       mail: EMAIL_HOST is not set")


@pytest.mark.embedded
def test_a_check_that_fails_itself_is_an_error_and_the_others_still_run() -> None:
    def broken() -> Iterator[CheckMessage]:
        yield Info("first")
        raise ValueError("no route to redis://:hunter2@redis")

    finding = registry.run("network", broken)[-1]
    assert (finding.name, finding.status) == ("network", "error")
    assert "ValueError: no route to redis://[secret]@redis" in finding.message
    assert finding.hint


@pytest.mark.embedded
def test_debug_is_an_error(settings: Any) -> None:
    settings.DEBUG = True
    assert ERROR in levels(hub.check_settings())


@pytest.mark.embedded
@pytest.mark.django_db
def test_pending_and_unknown_migrations_are_named() -> None:
    applied = MigrationRecorder.Migration.objects.filter(app="files")
    name = str(applied.exclude(name__contains="_squashed_").latest("id").name)
    applied.filter(name=name).update(name="9999_from_the_future")
    pending, newer = hub.check_migrations()
    assert (pending.level, newer.level) == (ERROR, WARNING)
    assert f"files.{name}" in pending.msg
    assert "files.9999_from_the_future" in newer.msg
    assert levels([pending, newer])


@pytest.mark.embedded
@pytest.mark.parametrize(("difference", "level"), [(4.9, INFO), (6, WARNING), (-6, WARNING), (31, ERROR)])
def test_clocks_are_compared(difference: float, level: int) -> None:
    message = clock.compare("the database", 1_000.0 + difference, 1_000.0)
    assert levels([message]) == [level]
    assert level == INFO or ("behind" if difference > 0 else "ahead of") in message.msg


@pytest.mark.embedded
def test_the_clock_is_compared_with_a_storage_that_refuses_its_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Any:
        metadata: Any = {"HTTPStatusCode": 403, "HTTPHeaders": {"date": "Thu, 01 Jan 1970 01:00:00 GMT"}}
        raise ClientError({"ResponseMetadata": metadata, "Error": {"Code": "RequestTimeTooSkewed"}}, "HeadBucket")

    client = SimpleNamespace(head_bucket=refuse)
    monkeypatch.setattr(clock, "S3Storage", lambda: SimpleNamespace(client=client, bucket="releases"))
    assert clock.storage_time() == 3600


@pytest.mark.embedded
def test_storage_that_cannot_be_written_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: LocalStorage) -> Any:
        raise StorageUnavailable from OSError("Read-only file system")

    monkeypatch.setattr(LocalStorage, "new_writer", refuse)
    monkeypatch.setattr(storage, "blob_storage", LocalStorage)
    (message,) = storage.check_storage()
    assert (message.level, "Read-only file system" in message.msg) == (ERROR, True)


@pytest.mark.embedded
@pytest.mark.parametrize("closed", ["", "files", "files/blobs"])
def test_folders_that_the_front_server_cannot_enter_are_named(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    settings.DATA_DIR, settings.FILES_DIR, settings.ACCEL_REDIRECT = tmp_path, tmp_path / "files", "/stored-files"
    (tmp_path / "files/blobs").mkdir(parents=True)
    monkeypatch.setattr(storage, "_probe", lambda _storage: "")
    for folder in (tmp_path, tmp_path / "files", tmp_path / "files/blobs"):
        folder.chmod(0o750)
    assert [message.level for message in storage.check_storage()] == [INFO]
    (tmp_path / closed).chmod(0o700)
    (_, message) = storage.check_storage()
    assert (message.level, f"enter {tmp_path / closed}." in message.msg) == (WARNING, True)


def test_the_probe_object_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, kind = [], type(blob_storage())
    create = kind.new_writer

    def noted(self: Any, *arguments: Any) -> Any:
        writer = create(self, *arguments)
        keys.append(writer.key)
        return writer

    monkeypatch.setattr(kind, "new_writer", noted)
    assert levels(storage.check_storage()) == [INFO]
    assert [blob_storage().size(key) for key in keys] == [None]


ALLOWED = {
    "Access-Control-Allow-Origin": "https://hub.example.org",
    "Access-Control-Allow-Methods": "GET, put",
    "Access-Control-Allow-Headers": "Content-Type,Content-MD5,X-Amz-Checksum-Sha256",
}


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}, ""),
        ({"Access-Control-Allow-Origin": "https://other.example.org"}, "does not allow this origin"),
        ({"Access-Control-Allow-Methods": "GET"}, "the method PUT"),
        ({"Access-Control-Allow-Headers": "content-type"}, "content-md5, x-amz-checksum-sha256"),
    ],
)
def test_cors_of_the_bucket_is_judged_like_a_browser_does(changed: dict[str, str], problem: str) -> None:
    answer = ProbeResponse(200, urllib3.HTTPHeaderDict(ALLOWED | changed), "")
    found = storage.preflight_problem(answer, "https://hub.example.org")
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.embedded
def test_mail_server_that_refuses_is_an_error_and_no_mail_is_sent(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert levels(mail.check_mail()) == [INFO]  # the tests replace the mail server by a list
    assert outbox.outbox == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert levels(mail.check_mail()) == [ERROR]


@pytest.mark.embedded
def test_a_message_is_sent_only_to_the_named_recipient(settings: Any) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    output = StringIO()
    call_command("doctor", "--only=mail", "--send-mail-to=ops@example.org", stdout=output)
    assert [message.to for message in outbox.outbox] == [["ops@example.org"]]
    settings.EMAIL_HOST = ""
    assert levels(mail.send_message("ops@example.org")) == [ERROR]


@pytest.mark.embedded
@pytest.mark.django_db
def test_missing_old_and_failed_backups_are_warned_about() -> None:
    assert levels(backups.check_backup()) == [WARNING]
    long_ago = timezone.now() - timedelta(days=3)
    BackupRun.objects.create(backup_id="a", target="/b", started_at=long_ago, finished_at=long_ago, is_complete=True)
    assert levels(backups.check_backup()) == [WARNING]
    record_backup("b", target="/b", started_at=timezone.now(), figures={})
    assert levels(backups.check_backup()) == [INFO]
    record_failure(target="/b", started_at=timezone.now(), error="The disk is full.")
    assert levels(backups.check_backup()) == [WARNING, INFO]


@pytest.mark.embedded
def test_a_volume_that_is_nearly_full_is_named(tmp_path: Path) -> None:
    assert disk.judge_space(tmp_path, "files", 2**62).level == ERROR
    assert levels(disk.judge_inodes(tmp_path)) in ([], [WARNING])


@pytest.mark.embedded
def test_a_data_directory_that_does_not_exist_yet_is_checked_at_its_parent(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.MIN_FREE_BYTES = tmp_path / "hub" / "data", 0
    message = next(iter(disk.check_disk()))
    assert message.msg.endswith(f"are free for the data directory at {tmp_path}.")


@pytest.mark.embedded
def test_a_read_only_system_without_a_temporary_folder_is_an_error(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    settings.DATA_DIR, settings.MIN_FREE_BYTES = tmp_path, 0
    monkeypatch.setattr(disk.tempfile, "gettempdir", refuse)
    *_, message = disk.check_disk()
    assert (message.level, message.hint) == (ERROR, disk.TEMPORARY_HINT)


@pytest.mark.embedded
def test_redis_near_its_limit_is_a_warning() -> None:
    assert background.judge_memory({"used_memory": 95, "maxmemory": 100}).level == WARNING
    assert background.judge_memory({"used_memory": 95, "maxmemory": 0}).level == INFO


@pytest.mark.embedded
def test_unreachable_redis_is_an_error(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert levels(background.check_broker()) == [ERROR]


@pytest.mark.embedded
def test_redis_that_refuses_changes_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(self: Any, command: str, *words: Any, **options: Any) -> Any:
        if command == "SET":
            raise ReadOnlyError("You can't write against a read only replica.")
        return {}

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr("redis.Redis.execute_command", execute)
    assert levels(background.check_broker()) == [ERROR]


@pytest.mark.embedded
def test_a_queue_without_a_worker_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Inspection:
        def active_queues(self) -> Any:
            return {"worker@a": [{"name": "webhooks"}, {"name": "files"}], "worker@b": [{"name": "default"}]}

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(background.app.control, "inspect", lambda **_: Inspection())
    (message,) = background.check_workers()
    assert (
        message.level,
        message.msg == "No worker consumes: outbound. Workers that answered: worker@a, worker@b.",
    ) == (ERROR, True)


@pytest.mark.embedded
def test_late_tasks_are_named_and_rare_ones_get_time_for_their_first_run() -> None:
    intervals = {"sweep": 5.0, "fresh": 5.0, "daily": 86400.0, "never": 60.0}
    messages = list(background.judge_runs(intervals, {"sweep": 1_000.0, "fresh": 1_990.0}, 2_000.0))
    assert levels(messages) == [ERROR, WARNING]
    assert messages[0].msg.startswith("The task sweep last ran 1000 seconds ago.")
    assert messages[1].msg == "These tasks have never run: never."
    assert levels(background.judge_runs({"daily": 86400.0}, {}, 2_000.0)) == [INFO]
    assert levels(background.judge_runs(intervals, {}, 2_000.0)) == [ERROR]


@pytest.mark.embedded
def test_times_of_runs_are_read_from_the_metrics() -> None:
    text = f'# TYPE {runs.METRIC} gauge\n{runs.METRIC}{{task="webhooks.sweep"}} 1234.5\nreleasehub_files_pending 3.0\n'
    assert runs.read_metrics(text) == {"webhooks.sweep": 1234.5}


class Site(BaseHTTPRequestHandler):
    """A hub behind a proxy. The attributes of the server choose its mistakes."""

    def do_GET(self) -> None:
        server: Any = self.server
        scheme = server.scheme or self.headers.get("X-Forwarded-Proto", "https")
        self.send_response(301 if scheme == "http" else 200)
        if scheme == "http":
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/")
        if server.is_hub:
            self.send_header("X-Request-Id", self.headers.get("X-Request-Id", ""))
        server.requests.append((self.path, dict(self.headers)))
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Site)
    server.scheme, server.is_hub, server.url = "https", True, f"http://127.0.0.1:{server.server_port}"
    server.requests, server.body = [], b""
    with serving(server):
        yield server


@pytest.mark.embedded
def test_workers_of_a_hub_without_redis_are_seen_in_its_metrics(settings: Any, site: Any) -> None:
    settings.REDIS_URL, settings.WEB_PORT, settings.WEB_HOST = "", str(site.server_port), ""
    settings.METRICS_TOKEN, settings.PUBLIC_URL = "open-sesame", "https://hub.example.org"
    site.body = f'{runs.METRIC}{{task="webhooks.sweep"}} {time.time()}\n'.encode()
    assert levels(background.check_workers()) == [INFO]
    assert levels(background.check_schedule()) == [WARNING]  # the other tasks have not run
    path, headers = site.requests[-1]
    assert (path, headers["Host"], headers["Authorization"]) == ("/metrics", "hub.example.org", "Bearer open-sesame")


@pytest.mark.embedded
def test_public_url_has_to_lead_to_the_hub_even_in_a_private_network(settings: Any, site: Any) -> None:
    settings.PUBLIC_URL = site.url
    assert levels(public_url.check_public_url()) == [INFO]
    site.is_hub = False
    assert levels(public_url.check_public_url()) == [ERROR]


@pytest.mark.embedded
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://hub.invalid"])
def test_unreachable_public_url_is_a_warning(settings: Any, url: str) -> None:
    settings.PUBLIC_URL = url
    assert levels(public_url.check_public_url()) == [WARNING]


@pytest.mark.embedded
@pytest.mark.parametrize(("scheme", "level"), [("https", INFO), ("http", ERROR), ("", ERROR)])
def test_a_missing_or_forgeable_scheme_of_the_proxy_is_an_error(site: Any, scheme: str, level: int) -> None:
    site.scheme = scheme
    assert levels(public_url.check_forwarded_scheme(site.url)) == [level]


@pytest.mark.embedded
def test_https_hub_that_ignores_its_proxy_is_warned_about(settings: Any) -> None:
    settings.IS_HTTPS, settings.IS_BEHIND_PROXY, settings.PUBLIC_HOST = True, False, "hub.invalid"
    assert levels(public_url.check_proxy()) == [WARNING]


@pytest.mark.embedded
@pytest.mark.parametrize(("days", "level"), [(60, INFO), (13, WARNING), (1, ERROR), (-1, ERROR)])
def test_expiry_of_the_certificate_is_judged(days: float, level: int) -> None:
    assert levels([certificate.judge_expiry("hub.example.org", days)]) == [level]


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A server on this machine with a self-signed certificate: its port, and the file of the certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "hub.pem"
    path.write_bytes(secret + signed)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server: Any = HTTPServer(("127.0.0.1", 0), Site)
    server.scheme, server.is_hub, server.requests, server.body = "https", True, [], b""
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server.server_port, path


@pytest.mark.embedded
def test_certificate_is_checked_like_browsers_do(tls_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port, path = tls_server
    refused = certificate.check_server("localhost", port)
    assert (refused.level, "self-signed" in refused.msg) == (ERROR, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert certificate.check_server("localhost", port).level == INFO


@pytest.mark.embedded
def test_port_without_tls_is_a_warning(site: Any) -> None:
    assert levels([certificate.check_server("localhost", site.server_port)]) == [WARNING]
