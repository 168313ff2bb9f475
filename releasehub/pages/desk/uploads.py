"""Uploads in parts from the browser, straight to the storage. Requests and answers are JSON.

`releasehub/static/releasehub/upload.js` calls these routes in this order: begin, parts (as often as needed), complete,
and then status until the file is verified. An upload survives a reload: its id is all that is needed to go on.
"""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from files.models import UploadSession
from files.targets import target_in_name
from files.uploads.ending import abort_upload, check_complete, complete_upload
from files.uploads.parts import MAX_PARTS, MAX_SIGNED_PARTS, MIB, PartAddress, progress_of, sign_parts
from files.uploads.sessions import begin_upload, check_begin, find_upload, open_incoming
from releasehub.core.errors import Invalid
from releasehub.core.requests import actor_of
from releasehub.pages.desk.lookup import find_version
from releasehub.pages.form_pages import account_action, account_page
from versions.policies import version_policy

PART_BYTES = 8 * MIB  # small enough that a lost network costs little, large enough for 80 GB in 10,000 parts
MAX_FILE_BYTES = 5 * 1024**4


class BeginForm(forms.Form):
    filename = forms.CharField(max_length=1020, strip=False)
    size_bytes = forms.IntegerField(min_value=0, max_value=MAX_FILE_BYTES)


@account_action
def begin(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Reserve the name and the bytes of a file. Platform and architecture are guessed from its name."""
    actor = actor_of(request)
    version = find_version(actor, public_id)
    version_policy.ensure("upload", actor, version)
    form = BeginForm(_body_of(request))
    if not form.is_valid():
        raise Invalid("Send filename and size_bytes.")
    filename, size_bytes = form.cleaned_data["filename"], form.cleaned_data["size_bytes"]
    check_begin(actor=actor, version=version, filename=filename, size_bytes=size_bytes)
    # The storage is called outside the transaction of `begin_upload`, because it may be slow.
    incoming = open_incoming(size_bytes=size_bytes, part_bytes=_part_bytes(size_bytes))
    platform, architecture = target_in_name(filename)
    upload = begin_upload(
        actor=actor,
        version=version,
        filename=filename,
        incoming=incoming,
        platform=platform,
        architecture=architecture,
    )
    return _answer(upload, missing=range(1, incoming.part_count + 1), status=201)


@account_page
def status(request: HttpRequest, public_id: str) -> HttpResponseBase:
    upload = find_upload(actor_of(request), public_id)
    return _answer(upload, missing=progress_of(upload).missing)


@account_action
def parts(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Sign the URLs of the parts whose numbers the body names as `{"parts": [1, 2]}`."""
    upload = find_upload(actor_of(request), public_id)
    numbers = _body_of(request).get("parts")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise Invalid(f"Send parts, a list of at most {MAX_SIGNED_PARTS} numbers.", field="parts")
    return _answer(upload, addresses=sign_parts(upload, [(number, "") for number in numbers]))


@account_action
def complete(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    upload = find_upload(actor, public_id)
    check_complete(upload)
    return _answer(complete_upload(actor=actor, upload=upload))


@account_action
def abort(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    upload = find_upload(actor, public_id)
    abort_upload(actor=actor, upload=upload)
    upload.refresh_from_db()
    return _answer(upload)


def _part_bytes(size_bytes: int) -> int | None:
    """Return the size of a part, 0 for a file that fits into one, or None to let `plan_parts` choose."""
    if size_bytes > PART_BYTES * MAX_PARTS:
        return None
    return PART_BYTES if size_bytes > PART_BYTES else 0


def _body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    return body


def _answer(
    upload: UploadSession,
    *,
    missing: Sequence[int] = (),
    addresses: Sequence[PartAddress] = (),
    status: int = 200,
) -> JsonResponse:
    """Return the upload as JSON. `urls` gives for each part its URL, its first byte, its size and the headers to send.

    Browsers set Content-Length themselves and forbid scripts to do it, so it is left out.
    """
    urls = [
        {
            "number": address.number,
            "url": address.put.url,
            "headers": {name: value for name, value in address.put.headers.items() if name != "Content-Length"},
            "first_byte": address.first_byte,
            "size_bytes": address.size_bytes,
        }
        for address in addresses
    ]
    answer = {
        "id": upload.public_id,
        "state": upload.state,
        "filename": upload.filename,
        "size_bytes": upload.size_bytes,
        "part_count": upload.incoming.part_count,
        "missing": list(missing),
        "error": upload.error_message,
        "sha256": upload.file.sha256 if upload.file else "",
        "urls": urls,
    }
    return JsonResponse(answer, status=status)
