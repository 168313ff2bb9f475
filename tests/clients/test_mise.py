"""mise installs a tool from the hub, runs it, and refuses bytes whose digest is not the one of the API."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.clients.programs import Programs
from tests.clients.site import Repository
from tests.ended import Ended

ASSET = "tool-1.0.0-linux-x64.tar.gz"


def archive(text: str, *, name: str = "tool") -> bytes:
    """Return an archive with a program of this name that prints the text."""
    packed, script = io.BytesIO(), f"#!/bin/sh\necho {text}\n".encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as writer:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(script), 0o755
        writer.addfile(member, io.BytesIO(script))
    return packed.getvalue()


def mise(programs: Programs, repository: Repository, *words: str, key: str = "") -> Ended:
    return programs.run(
        programs.mise,
        *words,
        MISE_DATA_DIR=str(programs.home / "data"),
        MISE_CACHE_DIR=str(programs.home / "cache"),
        MISE_YES="1",
        **({"MISE_GITHUB_ENTERPRISE_TOKEN": key} if key else {}),
    )


def tool(repository: Repository, version: str) -> str:
    return f"github:{repository.full_name}[api_url={repository.site.rest_url}]@{version}"


@pytest.mark.parametrize("is_private", [False, True], ids=["public", "private"])
def test_installs_a_version_and_runs_it(programs: Programs, is_private: bool) -> None:
    site = programs.site
    repository = site.make_repository(is_private=is_private)
    repository.release("v1.0.0", {ASSET: archive("first")})
    repository.release("v1.1.0", {ASSET.replace("1.0.0", "1.1.0"): archive("second")})
    key = site.keys["reader"] if is_private else ""
    for version, text in (("1.0.0", "first"), ("1.1.0", "second")):
        ran = mise(programs, repository, "exec", tool(repository, version), "--", "tool", key=key)
        assert ran.ok().out.strip() == text


def test_lists_the_versions_of_all_pages(programs: Programs, repository: Repository) -> None:
    for number in ("1.0.0", "1.1.0", "2.0.0"):
        repository.release(f"v{number}", {ASSET.replace("1.0.0", number): archive(number)})
    listed = mise(
        programs, repository, "ls-remote", "--before", "2999-01-01", tool(repository, "1.0.0").rpartition("@")[0]
    )
    assert listed.ok().out.split() == ["1.0.0", "1.1.0", "2.0.0"]


def test_refuses_a_file_that_was_replaced_in_the_storage(programs: Programs, repository: Repository) -> None:
    before = set(programs.site.hub.stored_files())
    repository.release("v1.0.0", {ASSET: archive("right")})
    (stored,) = set(programs.site.hub.stored_files()) - before
    replace(stored, archive("wrong"))
    refused = mise(programs, repository, "exec", tool(repository, "1.0.0"), "--", "tool")
    assert refused.code != 0
    assert "checksum" in refused.err.lower()


def replace(stored: Path, content: bytes) -> None:
    size = stored.stat().st_size
    stored.write_bytes(content.ljust(size, b"\0")[:size])
