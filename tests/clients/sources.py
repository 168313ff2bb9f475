"""A local Git repository whose remote looks like one on a Git host, for programs that read tags and push them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.programs import Programs
from tests.clients.site import Repository

GIT_HOST = "https://git.example.com"


def make_source(programs: Programs, repository: Repository, folder: Path) -> Path:
    """Return a clone with one commit on the branch main. Git reads a folder in place of the Git host."""
    bare = folder / "hosted" / f"{repository.full_name}.git"
    bare.parent.mkdir(parents=True)
    (programs.home / ".gitconfig").write_text(
        f"[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n"
        f'[url "file://{folder}/hosted/"]\n\tinsteadOf = {GIT_HOST}/\n'
    )
    source = folder / "source"
    git(programs, folder, "init", "--quiet", "--bare", bare)
    git(programs, folder, "init", "--quiet", source)
    (source / "package.json").write_text('{"name": "tool", "version": "0.0.0", "private": true}\n')
    (source / ".gitignore").write_text("dist/\n")
    git(programs, source, "add", "--all")
    git(programs, source, "commit", "--quiet", "-m", "feat: begin")
    git(programs, source, "remote", "add", "origin", f"{GIT_HOST}/{repository.full_name}.git")
    git(programs, source, "push", "--quiet", "--set-upstream", "origin", "main")
    return source


def git(programs: Programs, folder: Path, *words: object) -> str:
    command = ["git", *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, env=programs.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
