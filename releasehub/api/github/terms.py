"""The constants of the wire that have no counterpart in the hub."""

from functools import lru_cache
from urllib.parse import quote

from releasehub.apikeys.requests import Credential, allows
from releasehub.apikeys.scopes import Scope
from releasehub.core.logs import current_request_id

ENTERPRISE_VERSION = "3.17.0"  # clients derive from it which features they may use
READ, WRITE = Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE
DEFAULT_BRANCH = "main"
UNKNOWN_COMMIT = "0" * 40
UPLOAD_TEMPLATE = "{?name,label}"
BINARY = "application/octet-stream"


def constant_headers() -> dict[str, str]:
    """Return the headers of every answer that depend on neither the caller nor the content."""
    return {
        "X-GitHub-Enterprise-Version": ENTERPRISE_VERSION,
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": current_request_id(),
    }


@lru_cache(maxsize=1000)
def repository_api_path(full_name: str) -> str:
    """Return the path of a repository below `/api`, such as `/repos/acme/importer`."""
    return f"/repos/{quote(full_name)}"


def oauth_scopes(credential: Credential | None) -> str:
    """Return the OAuth scopes that a key with the same rights would have.

    gh demands `repo` and `read:org` of a key that names any scope. A key that can only read names none, as GitHub's
    fine-grained keys do.
    """
    return "read:org, repo" if credential is not None and allows(credential, WRITE) else ""


def commit_of(commitish: str) -> str:
    """Return the SHA of the commit, or zeros if the release does not name one."""
    is_sha = len(commitish) in {40, 64} and all(character in "0123456789abcdef" for character in commitish.lower())
    return commitish.lower() if is_sha else UNKNOWN_COMMIT
