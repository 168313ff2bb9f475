"""Keys that customers have already: single, from a table, in the admin, with the API and with the command."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import AccessKey, Download
from files.services import update_file
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound
from releasehub.core.logs import redact
from releasehub.distribution.access_key_import import import_access_keys, read_table
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.distribution.links import file_path
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system

pytestmark = pytest.mark.django_db
KEY, OTHER = "ACME-1234-5678-90", "ACME-0000-0000-00"
IMPORT = "admin:downloads_accesskey_import"


def table(*rows: str, head: str = "key,name,expires_at,uses,highest_number") -> Any:
    return read_table([f"{row}\n" for row in (head, *rows)])


def status(path: str, key: str = "") -> int:
    answer: Any = Client().get(path, {"key": key} if key else {})
    answer.getvalue()
    return int(answer.status_code)


def test_imported_key_opens_uses_expiry_and_highest_version_like_any_other() -> None:
    download = make_download(visibility="private")
    low, high = (make_file(make_version(download, number)) for number in ("1.4.0", "2.0.0"))
    rows = table(f"{KEY},Ann,2040-12-31,1,1.4", f"{OTHER},,,,")
    report = import_access_keys(actor=system(), download=download, rows=rows)
    assert (report.created_count, report.errors) == (2, [])
    key = AccessKey.objects.get(name="Ann")
    assert (key.prefix, key.uses_left, key.highest_number) == ("imported", 1, "1.4")
    assert key.expires_at is not None
    assert key.expires_at.isoformat() == "2040-12-31T23:59:59+00:00"
    assert status(file_path(high), KEY) == 403
    assert status(file_path(low), KEY) in {200, 302}
    assert status(file_path(high), OTHER) in {200, 302}
    AccessKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert status(file_path(low), KEY) == 403


def test_text_of_an_access_key_is_not_stored_or_audited() -> None:
    key, _ = issue_access_key(actor=system(), download=make_download(), name="Ann", own_text=KEY)
    entry = AuditEntry.objects.get(action="access_key.issue")
    stored = str(AccessKey.objects.filter(pk=key.pk).values().get()) + str(
        AuditEntry.objects.filter(pk=entry.pk).values()
    )
    assert KEY[:6] not in stored
    assert entry.changes["is_imported"] is True
    assert redact(f"Forbidden: /share/{KEY}") == "Forbidden: /share/[secret]"


@pytest.mark.parametrize(
    "text", ["short", "x" * 201, "has a space in it", "rhk_123456789012", "rh_1234567890123", "ünlaut-1234567"]
)
def test_texts_that_cannot_be_keys_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="12 to 200 ASCII characters"):
        issue_access_key(actor=system(), download=make_download(), name="Ann", own_text=text)


def test_invalid_and_repeated_lines_are_reported_and_nothing_is_imported() -> None:
    download = make_download()
    issue_access_key(actor=system(), download=download, name="Ann", own_text=OTHER)
    rows = table(
        f"{KEY},a,,,", "short,b,,,", f"{KEY},c,,,", f"{OTHER},d,,,", f"{KEY}1,e,31.12.2040,,",
        f"{KEY}2,f,2001-01-01,,", f"{KEY}3,g,,many,", f"{KEY}4,h,,0,", f"{KEY}5,i,,,-", f"{KEY}6,j,2040-13-40,,",
    )  # fmt: skip
    report = import_access_keys(actor=system(), download=download, rows=rows)
    assert [error.line for error in report.errors] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert report.errors[1].message == "This key is also on line 2."
    assert not any(KEY in error.message or OTHER in error.message for error in report.errors)
    assert (report.valid_count, report.created_count, AccessKey.objects.count()) == (1, 0, 1)
    skipping = import_access_keys(actor=system(), download=download, rows=rows, skip_invalid=True)
    assert (skipping.created_count, AccessKey.objects.count()) == (1, 2)


def test_dry_run_stores_nothing() -> None:
    report = import_access_keys(actor=system(), download=make_download(), rows=table(f"{KEY},,,,"), dry_run=True)
    assert (report.valid_count, report.created_count, AccessKey.objects.count()) == (1, 0, 0)


@pytest.mark.parametrize("head", ["name", "key,secret", "key,key", ""])
def test_table_needs_known_columns(head: str) -> None:
    with pytest.raises(Invalid, match="first line"):
        table("x", head=head)


def test_only_those_who_manage_the_team_import() -> None:
    download = make_download()
    with pytest.raises(Denied):
        import_access_keys(actor=Actor(user=make_user()), download=download, rows=table(f"{KEY},,,,"))
    hidden = make_download(visibility="private")
    with pytest.raises(NotFound):
        import_access_keys(actor=Actor(user=make_user()), download=hidden, rows=table(f"{KEY},,,,"))
    assert import_access_keys(
        actor=Actor(user=download.owner), download=download, rows=table(f"{KEY},,,,")
    ).created_count


def test_unknown_key_is_ignored_on_what_is_public_and_refused_on_what_is_not() -> None:
    public, hidden = (
        make_file(make_version(make_download())),
        make_file(make_version(make_download(visibility="private"))),
    )
    for key in ("garbage", KEY, "rhk_x"):
        assert status(file_path(public), key) in {200, 302}
        assert status(f"/api/updates/{public.version.download.slug}", key) == 200
        assert status(file_path(hidden), key) == 403
        assert status(f"/api/updates/{hidden.version.download.slug}", key) == 403
        assert status("/d/no-such-download/latest/", key) == 403
        assert status("/api/updates/no-such-download", key) == 403
    update_file(actor=system(), file=public, is_secured=True)
    assert status(file_path(public), KEY) == 403


def test_revoked_imported_key_opens_nothing() -> None:
    hidden = make_file(make_version(make_download(visibility="private")))
    key, secret = issue_access_key(actor=system(), download=hidden.version.download, name="Ann", own_text=KEY)
    assert secret == KEY
    revoke_access_key(actor=system(), key=key)
    assert status(file_path(hidden), KEY) == 403


def test_api_imports_a_single_key() -> None:
    download = make_download()
    client = ApiClient(make_key(download.owner))
    body = {"download_id": download.pk, "name": "Ann", "key": KEY}
    created = client.send("post", "/api/access-keys/", body)
    assert (created.status_code, created.json()["access_key"]["prefix"]) == (201, "imported")
    again = client.send("post", "/api/access-keys/", body)
    assert (again.status_code, again.json()["errors"][0]["params"]["field"]) == (409, "key")
    assert client.send("post", "/api/access-keys/", body | {"key": "short"}).status_code == 400
    with pytest.raises(Conflict):
        issue_access_key(actor=system(), download=download, name="Ann", own_text=KEY)


def test_keys_of_other_downloads_are_not_revealed_and_one_text_opens_each_of_them() -> None:
    theirs, mine = (make_file(make_version(make_download(visibility="private"))) for _ in range(2))
    first, _ = issue_access_key(actor=system(), download=theirs.version.download, name="Ann", own_text=KEY)
    download = mine.version.download
    manager = Actor(user=download.owner)
    tried = [
        import_access_keys(actor=manager, download=download, rows=table(f"{text},,,,"), dry_run=True)
        for text in (KEY, OTHER)
    ]
    assert tried[0] == tried[1]
    issue_access_key(actor=manager, download=download, name="Ann", own_text=KEY)
    assert [status(file_path(file), KEY) for file in (theirs, mine)] in ([200, 200], [302, 302])
    visitor = Client()
    assert visitor.get(f"/share/{KEY}")["Location"] == theirs.version.download.path
    assert [visitor.get(file.version.download.path).status_code for file in (theirs, mine)] == [200, 200]
    revoke_access_key(actor=system(), key=first)
    assert status(file_path(theirs), KEY) in {403, 404}
    assert status(file_path(mine), KEY) in {200, 302}
    assert visitor.get(f"/share/{KEY}")["Location"] == download.path


def csv_file(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "keys.csv"
    path.write_text("\ufeff" + "\n".join(("Key,Name", *rows)), encoding="utf-8")
    return str(path)


def test_command_checks_refuses_and_skips(tmp_path: Path) -> None:
    download: Download = make_download(slug="tool")
    path, out, err = csv_file(tmp_path, f"{KEY},Ann", "short,Bob"), StringIO(), StringIO()
    call_command("import_access_keys", path, "--download", "tool", "--dry-run", stdout=out, stderr=err)
    assert (out.getvalue().strip(), AccessKey.objects.count()) == ("1 keys can be imported, 1 lines are invalid.", 0)
    assert err.getvalue().startswith("Line 3: A key has 12 to 200")
    with pytest.raises(CommandError, match="No key was imported"):
        call_command("import_access_keys", path, "--download", "tool", stderr=StringIO())
    call_command("import_access_keys", path, "--download", "tool", "--skip-invalid", stdout=out, stderr=err)
    assert AccessKey.objects.get().download == download
    for arguments in ((path, "--download", "nothing"), (str(tmp_path / "missing.csv"), "--download", "tool")):
        with pytest.raises(CommandError):
            call_command("import_access_keys", *arguments)


def upload(client: Client, download: Download, content: bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile("keys.csv", content)
    return client.post(reverse(IMPORT), {"download": download.pk, "file": file} | fields)


def test_admin_checks_first_and_imports_then(client: Client) -> None:
    owner = make_user(is_staff=True)
    download, foreign = make_download(owner), make_download()
    client.force_login(owner)
    assert "Only check the file" in client.get(reverse(IMPORT)).content.decode()
    content = f"key,name\n{KEY},Ann\n".encode()
    checked = upload(client, download, content, dry_run="on")
    assert "1 keys can be imported" in checked.content.decode()
    assert KEY not in checked.content.decode()
    assert not AccessKey.objects.exists()
    assert "1 keys were imported" in upload(client, download, content).content.decode()
    assert "Line 2: The download has this key already." in upload(client, download, content).content.decode()
    assert AuditEntry.objects.get(action="access_key.issue").channel == "admin"
    for refused in ((foreign, content), (download, b"\xff\xfe"), (download, b"name\nx\n")):
        assert 'class="errorlist' in upload(client, *refused).content.decode()
    assert AccessKey.objects.count() == 1
    assert reverse(IMPORT) in client.get(reverse("admin:downloads_accesskey_changelist")).content.decode()


def test_admin_import_checks_the_csrf_token() -> None:
    owner = make_user(is_staff=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert upload(client, make_download(owner), f"key\n{KEY}\n".encode()).status_code == 403
    assert not AccessKey.objects.exists()


def test_admin_import_needs_a_download_to_manage(client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    assert client.get(reverse(IMPORT)).status_code == 403
