"""Read responses of the hub: a JSON object, or the error that the response describes."""

from __future__ import annotations

from typing import Any

import httpx

from releasehub_cli.errors import CliError, Exit, HubError
from releasehub_cli.network import redact_url

_NO_KEY = "Run `releasehub login`, or set RELEASEHUB_API_KEY."
_HINTS = {
    401: "The hub does not know this key. Create a key on your account page of the hub, then run `releasehub login`.",
    403: "The key or its user lacks a permission. Publishing requires the scopes mc_dm_download:read and :write.",
    429: "The hub limits the rate of requests. Wait a minute, then run the command again.",
    507: "The storage of the hub is full. Tell its operator.",
}
_EXITS = {
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    408: Exit.NETWORK,
    409: Exit.CONFLICT,
    410: Exit.NOT_FOUND,
    412: Exit.CONFLICT,
    429: Exit.NETWORK,
    507: Exit.FAILED,
}


def json_object(response: httpx.Response, hub_url: str, *, has_key: bool) -> dict[str, Any]:
    """Return the JSON object of a response.

    Raises:
        HubError: The hub refused the request.
        CliError: The server is not a hub, or redirects to another URL.
    """
    if response.is_redirect:
        raise _moved(response)
    if not response.is_success:
        error = error_of(response, has_key=has_key)
        if error.code == "http_404":  # the API itself would respond with a code of its own
            error.hint = f"{hub_url} may not be the URL of a hub. Check --url or RELEASEHUB_URL."
        raise error
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise _no_hub(hub_url)
    return data


def check_is_hub(response: httpx.Response, hub_url: str) -> None:
    """Check that a hub sent the response to a permanent link. A proxy may redirect to HTTPS or to a sign-in page.

    Raises:
        CliError: The response does not state a version.
    """
    if "X-ReleaseHub-Version" not in response.headers:
        raise _moved(response) if response.is_redirect else _no_hub(hub_url)


def _moved(response: httpx.Response) -> CliError:
    return CliError(
        f"The hub redirects to {redact_url(response.headers.get('Location', ''))}.",
        code="moved",
        hint="If the hub has moved there, set --url or RELEASEHUB_URL to its new URL. The key was not sent there.",
    )


def _no_hub(hub_url: str) -> CliError:
    return CliError(f"The server at {hub_url} is not a ReleaseHub.", code="no_hub", hint="Check --url.")


def error_of(response: httpx.Response, *, has_key: bool) -> HubError:
    """Return the error that a response of the hub describes. HTML pages and empty responses work, too."""
    code, message = _first_error(response)
    if message == "":
        message = f"The hub responded with {response.status_code} {response.reason_phrase}".rstrip() + "."
    status = response.status_code
    exit_code = _EXITS.get(status, Exit.NETWORK if status >= 500 else Exit.FAILED)
    hint = _HINTS.get(status, "")
    if code == "no_api_key_in_request" or (status in {401, 403, 404} and not has_key):
        exit_code = exit_code if status == 404 else Exit.NOT_ALLOWED
        hint = _NO_KEY if status != 404 else f"It may be private. {_NO_KEY}"
    request_id = response.headers.get("X-Request-Id", "")
    return HubError(status, message, code=code, exit_code=exit_code, hint=hint, request_id=request_id)


def _first_error(response: httpx.Response) -> tuple[str, str]:
    """Return the code of the first error and the joined messages of a JSON error response."""
    code = f"http_{response.status_code}"
    try:
        data = response.json()
        if "errors" not in data:
            return code, str(data["message"])
        entries = data["errors"]
        messages = [str(entry["message"]) for entry in entries]
        return str(entries[0]["code"]), " ".join(messages)
    except (ValueError, KeyError, TypeError, IndexError, httpx.StreamError):
        return code, ""
