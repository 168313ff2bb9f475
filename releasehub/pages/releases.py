"""The part of a page that shows a version: its files, and which of them is offered."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest

from downloads.models import AccessKey, Download
from downloads.policies import download_policy
from files.models import File
from files.primary import preference
from files.stated_numbers import contradicting_number
from files.uploads.verification_queue import versions_being_verified
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.gate import barrier_of
from releasehub.distribution.latest import latest_version
from releasehub.distribution.offers import System, offer_to
from releasehub.distribution.presented_keys import needed_key
from releasehub.pages.fetching import guides
from releasehub.pages.parameters import page_of_rows
from releasehub.pages.system_choice import chosen_system, system_of, systems_to_choose
from releasehub.pages.viewers import viewer_of
from versions.models import Version

KEY_PLACEHOLDER = "YOUR_KEY"
LONG_LIST = 10
MAX_OVERVIEW_FILES = 50
FILES_PER_PAGE = 50


def version_for_visitors(download: Download, key: AccessKey | None) -> tuple[Version | None, Version | None]:
    """Return the version to offer, and a newer pre-release if there is one.

    A pre-release is offered only if the download has no other version.
    """
    newest = latest_version(download, key=key)
    if newest is None or not newest.is_prerelease:
        return newest, None
    stable = latest_version(download, key=key, stable_only=True)
    return (stable, newest) if stable else (newest, None)


def release_context(request: HttpRequest, version: Version | None, *, key_in_links: bool = False) -> dict[str, Any]:
    """Return the template context: the files of the version, those to offer, and why the viewer cannot fetch some.

    With `key_in_links`, the commands have a placeholder for the access key of the viewer.
    """
    if version is None:
        return {"version": None}
    actor, system = viewer_of(request), system_of(request)
    files = shown_files(request, version)
    barriers = {file.pk: barrier for file in files if (barrier := barrier_of(actor, file))}
    open_files = [file for file in files if file.pk not in barriers]
    offer = offer_to(system, files)
    main = next(iter(offer.files or offer.others), None)
    base_url = request.build_absolute_uri("/").rstrip("/")
    return {
        "version": version,
        "system": system,
        "is_system_chosen": chosen_system(request) is not None,
        "systems": systems_to_choose([*offer.files, *offer.others]),
        "offer": offer,
        "is_translated": offer.is_translated_on(system),
        "main": main,
        "main_barrier": barriers.get(main.pk) if main else None,
        "guides": guides(base_url, open_files, system, KEY_PLACEHOLDER if key_in_links else ""),
        **in_groups(files),
        "barriers": barriers,
        "contradictions": contradictions(files, version),
        "is_verifying": is_verifying(request, version),
    }


def other_versions(request: HttpRequest, version: Version) -> dict[str, Any]:
    """Return the context of the page of a version that says which other version visitors should take."""
    key = needed_key(viewer_of(request), version.download)
    newest, _ = version_for_visitors(version.download, key)
    if newest is None or (newest.number == version.number and newest.channel == version.channel):
        return {"replacement": None}  # the same number for another platform is no replacement
    return {"replacement": newest, "is_outdated": bytes(newest.sort_key) > bytes(version.sort_key)}


def older_version_for(request: HttpRequest, context: dict[str, Any], download: Download) -> Version | None:
    """Return the newest version that has a file for the visitor's system, if the offered version has none."""
    if context["version"] is None or context["offer"].files or not context["system"].platform:
        return None
    key = needed_key(viewer_of(request), download)
    system: System = context["system"]
    return latest_version(download, platform=system.platform, architecture=system.architecture, key=key)


def contradictions(files: Iterable[File], version: Version) -> dict[int, str]:
    """Return the number that a file name states, for each file whose name contradicts the version."""
    stated = {file.pk: contradicting_number(file.filename, version.number) for file in files}
    return {pk: number for pk, number in stated.items() if number}


def shown_files(request: HttpRequest, version: Version) -> list[File]:
    reads_inside = download_policy.reads_inside(viewer_of(request), version.download)
    rows = _files_query(reads_inside).rows(version=version.pk)
    files = sorted(rows, key=lambda file: (not file.is_primary, preference(file)))
    for file in files:
        file.version = version
    return files


@cache
def _files_query(reads_inside: bool) -> SqlTemplate[File]:
    def build(version: int) -> Any:
        rows = File.objects.filter(version=version).shown_to(reads_inside=reads_inside)
        return rows.select_related("blob", "accepted_by", "quarantine").order_by()

    return SqlTemplate(build, version=SAMPLE_ID)


def in_groups(files: list[File]) -> dict[str, list[File]]:
    """Return all files, and in long lists the packages apart from signatures, lists of parts and the like."""
    packages = [file for file in files if file.kind == File.FileKind.PACKAGE]
    if len(files) < LONG_LIST or not packages:
        return {"files": files, "packages": files, "extras": []}
    return {"files": files, "packages": packages, "extras": [file for file in files if file not in packages]}


def shortened(context: dict[str, Any]) -> dict[str, Any]:
    """Return the first files of a `release_context`, for a page that shows more than the version.

    The page of the version lists all files, page by page.
    """
    packages = context.get("packages", [])[:MAX_OVERVIEW_FILES]
    extras = context.get("extras", [])[: MAX_OVERVIEW_FILES - len(packages)]
    is_cut = len(packages) + len(extras) < len(context.get("files", []))
    return {"packages": packages, "extras": extras, "is_cut": is_cut}


def paged(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the files of a `release_context`: the packages first, then the extras.

    The offer and the commands still come from all files.
    """
    packages, extras = context["packages"], context["extras"]
    page: Page[File] = page_of_rows(request, [*packages, *extras], per_page=FILES_PER_PAGE)
    start, end = page.start_index() - 1 if page else 0, page.end_index()
    count = len(packages)
    return {
        "page": page,
        "packages": packages[start:end],
        "extras": extras[max(start - count, 0) : max(end - count, 0)],
    }


def is_verifying(request: HttpRequest, version: Version) -> bool:
    """Return True if files of the version are still being verified. Only the team is told about that."""
    if not download_policy.is_insider(viewer_of(request), version.download):
        return False
    return bool(versions_being_verified([version.pk]))
