"""Secrets are encrypted, private responses are not cached, and rules apply in every interface."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from downloads.models import Download, Share, StorePublication
from downloads.services import (
    entity_category,
    find_targets,
    publish_to_store,
    set_team_member,
    share_with,
    withdraw_from_store,
)
from files.models import File
from files.policies import file_policy
from files.services import link_file, update_file
from files.storage import blob_storage
from files.storage.digests import DeclaredChecksums
from files.uploads import external
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import FileReference, find_sources
from files.uploads.external import probe_link
from files.uploads.link_reading import Learned
from releasehub.accounts.models import Membership, User
from releasehub.api.models import IdempotentAnswer
from releasehub.api.v3.serializers import V3ReleaseFileSerializer
from releasehub.audit.models import AuditSink
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound, Rejected
from releasehub.webhooks.models import Endpoint
from tests.conftest import ApiClient
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_key,
    make_loose_upload,
    make_organization,
    make_user,
    make_version,
    system,
)

pytestmark = pytest.mark.django_db
LINK = "https://files.example.org/tool.bin"


def stored(table: str) -> str:
    """Return all rows of a table as text."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
        return str([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()])


def test_stored_idempotent_responses_are_encrypted() -> None:
    download = make_download()
    client, body = ApiClient(make_key(download.owner)), {"download_id": download.pk, "name": "A customer"}
    headers = {"Idempotency-Key": "once"}
    first, again = (client.send("post", "/api/access-keys/", body, headers=headers) for _ in range(2))
    secret = first.json()["access_key"]["key"]
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert IdempotentAnswer.objects.count() == 1
    assert secret not in stored("api_idempotentanswer")
    assert "A customer" not in stored("api_idempotentanswer")


def test_token_of_an_audit_sink_is_encrypted_and_readable_by_the_hub() -> None:
    sink = AuditSink.objects.create(
        kind=AuditSink.SinkKind.HTTP, target="https://logs.example.org/", token="s3cret-token"
    )
    assert "s3cret-token" not in stored("audit_auditsink")
    assert AuditSink.objects.get(pk=sink.pk).token == "s3cret-token"


def test_token_under_a_lost_key_reads_as_empty(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    AuditSink.objects.create(kind=AuditSink.SinkKind.HTTP, target="https://logs.example.org/", token="s3cret-token")
    settings.SECRET_KEY = "another key " * 5
    assert AuditSink.objects.get().token == ""
    assert "Enter the value again" in caplog.text


def test_stored_files_are_private(local_storage: Any, settings: Any) -> None:
    file = make_file(content=b"private")
    assert file.blob is not None
    path = Path(settings.FILES_DIR) / file.blob.storage_key
    assert settings.STORAGES["default"]["OPTIONS"]
    assert settings.UMASK == 0o077
    assert path.read_bytes() == b"private"


@pytest.mark.parametrize(
    "path", ["/", "/api/mc-dm-downloads/", "/v3/releases", "/versions", "/api/updates/tool", "/nothing/here/"]
)
def test_answers_to_a_named_caller_are_not_stored(path: str) -> None:
    download = make_download(slug="tool")
    make_file(make_version(download, "1.0.0"))
    client = ApiClient(make_key(download.owner))
    answers: list[Any] = [client.get(path), Client().get(path, {"key": "anything"})]
    signed_in = Client()
    signed_in.force_login(download.owner)
    answers.append(signed_in.get(path))
    for answer in answers:
        assert "no-store" in answer["Cache-Control"], answer.status_code
    anonymous: Any = Client().get(path)
    assert anonymous.status_code != 200 or "no-store" not in anonymous.get("Cache-Control", "")


def make_link(**fields: Any) -> File:
    version = make_version(make_download(slug="tool"), "1.0.0")
    file = link_file(actor=system(), version=version, url=LINK, filename="tool.bin", **fields)
    File.objects.filter(pk=file.pk).update(validation_status=File.Validation.PASSED)
    version.refresh_from_db()
    return File.objects.get(pk=file.pk)


@pytest.mark.parametrize("is_secured", [False, True])
def test_url_of_a_link_is_shown_only_to_users_who_may_download(is_secured: bool) -> None:
    file = make_link(is_secured=is_secured)
    owner = ApiClient(make_key(file.version.download.owner))
    shown = None if is_secured else LINK
    for client, expected in ((owner, LINK), (Client(), shown)):
        answer = client.get(f"/api/mc-dm-files/{file.pk}/")
        assert answer.json()["file"]["external_url"] == expected
        listed = client.get("/api/mc-dm-files/", {"version_id": file.version_id}).json()
        assert listed["files"][0]["external_url"] == expected
        for path in ("/versions", "/api/updates/tool", "/d/tool/1.0.0/SHA256SUMS", file.version.download.path):
            assert (LINK in client.get(path).content.decode()) <= (expected is not None), path


@pytest.mark.parametrize("is_secured", [False, True])
def test_v3_shows_the_url_of_a_link_only_to_users_who_may_download(is_secured: bool) -> None:
    file = make_link(is_secured=is_secured)
    file.version.download.category.refresh_from_db()
    for actor, expected in ((system(), LINK), (Actor(), None if is_secured else LINK)):
        shown = V3ReleaseFileSerializer(context={"actor": actor, "base_url": ""}).to_representation(file)
        assert shown["url"] == expected


def test_url_of_a_failed_link_is_hidden_from_everyone() -> None:
    file = make_link()
    file.validation_status = File.Validation.FAILED
    assert file_policy.external_url(Actor(user=file.version.download.owner), file) is None


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("prefix", ["", "{name}:", " "])
def test_declared_digests_of_every_kind_are_compared(name: str, prefix: str) -> None:
    right = hashlib.new(name, b"bytes", usedforsecurity=False).hexdigest()
    for text, differs in ((right, False), (right.upper(), False), ("0" * len(right), True)):
        declared = DeclaredChecksums([prefix.format(name=name) + text, "free text", ""])
        for chunk in (b"by", b"tes"):
            declared.update(chunk)
        assert [found for *_, found in declared.differing()] == ([right] if differs else [])


def test_sha256_declared_by_mc_dm_for_a_link_is_kept_for_the_probe() -> None:
    version = make_version(make_download(), "1.0.0")
    client = ApiClient(make_key(version.download.owner))
    body = {"version_id": version.pk, "external_url": LINK, "sha256": "a" * 64}
    assert client.send("post", "/api/mc-dm-files/", body).status_code == 200
    assert File.objects.get().declared_checksum == "a" * 64


def attach(version: Any, reference: str) -> File:
    """Attach the upload as the engine API does."""
    actor = Actor(user=version.download.owner)
    (source,) = find_sources(actor, [FileReference(reference)])
    return attach_file(actor=actor, version=version, source=source)


def only_zips(owner: Any) -> Download:
    return make_download(owner, category=make_category(allowed_extensions=["zip"]))


def test_attached_upload_is_checked_by_the_rules_of_its_category() -> None:
    owner = make_user()
    version = make_version(only_zips(owner), "1.0.0")
    upload = make_loose_upload(owner, name="tool.bin")
    with pytest.raises(Rejected, match="does not accept"):
        attach(version, upload.public_id)


def test_bytes_from_another_category_are_checked_again() -> None:
    owner = make_user()
    file = make_file(make_version(make_download(owner), "1.0.0"), name="tool.zip", content=b"MZ no archive at all")
    with pytest.raises(Rejected, match="not of that type"):
        attach(make_version(only_zips(owner), "1.0.0"), file.public_id)
    assert blob_storage()


def test_probed_link_is_checked_by_the_category_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    category = make_category(max_version_bytes=100)
    version = make_version(make_download(category=category), "1.0.0")
    make_file(version, content=b"x" * 60)
    file = link_file(actor=system(), version=version, url=LINK, filename="tool.bin")
    monkeypatch.setattr(external, "look", lambda file, url: Learned(url, 50, "text/plain", head=b"text"))
    assert probe_link(file.pk) == File.Validation.FAILED
    file.refresh_from_db()
    assert file.findings[0]["code"] == "link.rule"


def test_sharing_does_not_reveal_accounts() -> None:
    """A member without the right to share outside gets the same response for outsiders and for unknown addresses."""
    organization, download = make_organization(), make_download(visibility="private")
    member = Membership.objects.create(organization=organization, user=download.owner)
    make_user("stranger", email="stranger@example.org")
    actor = Actor(user=member.user)
    answers = []
    for address in ("stranger@example.org", "nobody@example.org"):
        with pytest.raises(Denied) as refusal:
            share_with(actor=actor, download=download, targets=find_targets(actor, [address]))
        answers.append(refusal.value.message)
    assert answers[0] == answers[1]


def entity_of(owner: User) -> Download:
    return make_download(owner, category=entity_category(), kind="app", visibility="private")


def test_internal_sharing_key_cannot_detect_accounts() -> None:
    entity = entity_of(make_user())
    make_user("stranger", email="stranger@example.org")
    client = ApiClient(make_key(entity.owner, scopes=["entities:share"]))
    path = f"/api/entities/{entity.public_id}/shares"
    answers = [
        client.send("post", path, {"emails": [address]}) for address in ("stranger@example.org", "nobody@example.org")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}
    assert not Share.objects.exists()


@pytest.mark.parametrize("surface", ["shares", "members"])
def test_email_lookups_are_rate_limited(surface: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit an address with an account gets the answer of one without."""
    monkeypatch.setattr("releasehub.accounts.invitation_limit.NAMES_PER_HOUR", 2)
    monkeypatch.setattr("releasehub.core.counting.time.time", lambda: 1_700_000_000.0)
    owner = make_user()
    organization = make_organization()
    Membership.objects.create(organization=organization, user=owner, role="owner")
    make_user("stranger", email="stranger@example.org")
    client = ApiClient(make_key(owner))
    entity = f"/api/entities/{entity_of(owner).public_id}/shares"
    path = entity if surface == "shares" else f"/api/organizations/{organization.public_id}/members"

    def name(address: str) -> Any:
        return client.send("post", path, {"emails": [address]} if surface == "shares" else {"email": address})

    for number in range(2):
        assert name(f"nobody{number}@example.org").status_code == (200 if surface == "shares" else 201)
    answers = [name("stranger@example.org"), name("nobody@example.org")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(429, answers[0].content)}
    assert int(answers[0]["Retry-After"]) > 0


def test_strangers_and_unknown_addresses_share_a_limit_where_the_answer_names_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("releasehub.accounts.invitation_limit.OUTSIDERS_PER_HOUR", 2)
    monkeypatch.setattr("releasehub.core.counting.time.time", lambda: 1_700_000_000.0)
    entity = entity_of(make_user())
    make_user("stranger", email="stranger@example.org")
    client = ApiClient(make_key(entity.owner))
    path = f"/api/entities/{entity.public_id}/shares"
    assert client.send("post", path, {"emails": ["nobody@example.org", "none@example.org"]}).status_code == 200
    answers = [client.send("post", path, {"emails": [name]}) for name in ("stranger@example.org", "no@example.org")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(429, answers[0].content)}
    assert not Share.objects.exists()


def test_store_of_an_organization_needs_a_right_there() -> None:
    """A manager of a download can publish it only to permitted stores, and withdraw it from all stores."""
    download, organization = make_download(visibility="private"), make_organization()
    member = Membership.objects.create(organization=organization, user=download.owner)
    with pytest.raises(Denied):
        publish_to_store(actor=Actor(user=download.owner), download=download, organization=organization)
    outside = make_organization()
    with pytest.raises(NotFound):
        publish_to_store(actor=Actor(user=download.owner), download=download, organization=outside)
    assert not StorePublication.objects.exists()
    Membership.objects.filter(pk=member.pk).update(role="owner")
    publish_to_store(actor=Actor(user=download.owner), download=download, organization=organization)
    Membership.objects.filter(pk=member.pk).update(role="member")
    withdraw_from_store(actor=Actor(user=download.owner), download=download, organization=organization)
    assert not StorePublication.objects.exists()


def test_form_of_an_endpoint_does_not_tell_which_downloads_are_hidden(client: Client) -> None:
    staff, hidden = make_user("staff", is_staff=True), make_download(visibility="private")
    own = make_download(staff)
    client.force_login(staff)
    url = reverse("admin:webhooks_endpoint_add")

    def sent(download_id: int) -> Any:
        body = {"url": "https://93.184.215.14/hook", "format": "standard", "download_id": download_id}
        return client.post(url, body | {"is_active": "on", "verify_tls": "on"})

    hidden_one, absent = sent(hidden.pk), sent(10**6)
    told = [str(answer.context["errors"]) for answer in (hidden_one, absent)]
    assert "This download does not exist, or you do not manage its webhooks" in told[0]
    assert told[0] == told[1]
    assert (hidden_one.status_code, absent.status_code) == (200, 200)
    sent(own.pk)
    assert list(Endpoint.objects.values_list("download_id", flat=True)) == [own.pk]


def test_secured_file_is_available_to_signed_in_users() -> None:
    file = make_link(is_secured=True)
    update_file(actor=system(), file=file, display_label="x")
    set_team_member(actor=system(), download=file.version.download, user=make_user(), flags={"can_edit"})
    assert file_policy.can_download(Actor(user=make_user()), file)
    assert not file_policy.can_download(Actor(), file)
