"""An entity, its people, and the steps of a client of the platform."""

from __future__ import annotations

import hashlib
import io
import zipfile
from itertools import count
from typing import Any

from downloads.models import Download
from downloads.services import create_entity
from releasehub.accounts.models import Membership, Organization, User
from releasehub.core.actor import Actor, Origin
from tests.api.native.test_uploads import put
from tests.conftest import ApiClient
from tests.factories import make_key, make_organization, make_user
from versions.models import Version

_numbers = count(1)
LOCKFILE = b'{"lockfileVersion": 3}'


def zipped(text: str = "content") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.js", text)
    return buffer.getvalue()


def moment() -> str:
    """Return a version number that was not used before."""
    number = next(_numbers)
    return f"2024.06.{1 + number // 3600 % 28:02}-{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}"


def source(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def acting(user: User) -> Actor:
    return Actor(user=user, origin=Origin.API)


class World:
    """A world whose `owner` created the entity. `client` acts for the owner, and `as_user` for any user."""

    def __init__(self) -> None:
        self.owner = make_user(email=f"owner{next(_numbers)}@example.org")
        self.client = ApiClient(make_key(self.owner))
        self.entity = self.make_entity()
        self.url = f"/api/entities/{self.entity.public_id}"

    def make_entity(self, slug: str = "", **fields: Any) -> Download:
        slug = slug or f"entity-{next(_numbers)}"
        return create_entity(actor=acting(self.owner), kind="app", slug=slug, name="Timer", **fields)

    def as_user(self, user: User, **options: Any) -> ApiClient:
        return ApiClient(make_key(user, **options))

    def organization(self, role: str = "admin", *others: User) -> Organization:
        """Return an organization with the owner in this role, and others as ordinary members."""
        organization = make_organization(members=others)
        Membership.objects.create(organization=organization, user=self.owner, role=role)
        return organization

    def announce(self, *, status: int = 200, client: ApiClient | None = None, **fields: Any) -> dict[str, Any]:
        body = {"version": moment(), "source_hash": source(f"source {next(_numbers)}")} | fields
        answer = (client or self.client).send("post", f"{self.url}/versions/upload-url", body)
        assert answer.status_code == status, answer.content
        return body | answer.json() if status == 200 else answer.json()

    def send(self, announced: dict[str, Any], content: bytes, lockfile: bytes | None = LOCKFILE) -> None:
        assert upload(announced["upload_url"], content) in {200, 204}
        if lockfile is not None:
            assert upload(announced["lockfile_upload_url"], lockfile) in {200, 204}

    def confirmation(self, announced: dict[str, Any], content: bytes, **fields: Any) -> dict[str, Any]:
        return {
            "storage_path": announced["storage_path"],
            "version": announced["version"],
            "source_hash": announced["source_hash"],
            "file_size_bytes": len(content),
            "package_lock_path": announced["package_lock_path"],
        } | fields

    def confirm(self, body: dict[str, Any], *, status: int = 201) -> dict[str, Any]:
        answer = self.client.send("post", f"{self.url}/versions/confirm", body)
        assert answer.status_code == status, answer.content
        found: dict[str, Any] = answer.json()
        return found.get("version", found)

    def uploaded(self, content: bytes | None = None, **fields: Any) -> dict[str, Any]:
        """Return the body of a confirmation, after the package was uploaded."""
        content = content if content is not None else zipped(f"code {next(_numbers)}")
        announced = self.announce(**fields)
        self.send(announced, content)
        return self.confirmation(announced, content)

    def pushed(self, **fields: Any) -> dict[str, Any]:
        """Create a version in both steps."""
        return self.confirm(self.uploaded() | fields)

    def version(self, shown: dict[str, Any]) -> Version:
        return Version.all_objects.get(public_id=shown["id"])


def upload(url: str, content: bytes) -> int:
    """Send the content to a signed URL, as a client does that knows nothing else."""
    path = url.removeprefix("http://testserver")
    return put({"url": path, "headers": {}}, content)
