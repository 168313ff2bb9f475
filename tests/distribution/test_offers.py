"""Which files a visitor is offered."""

from __future__ import annotations

import itertools

import pytest

from downloads.models import Download
from files.kinds import kind_of
from files.models import File
from releasehub.distribution.offers import System, file_for_platform, offer_to
from tests.factories import make_file, make_version
from versions.models import Version

DESKTOP = ("tool-linux-arm64", "tool-linux-x64", "tool-macos-arm64", "tool-macos-x64", "tool-windows-x64")


def files_named(*names: str, version: Version | None = None) -> list[File]:
    """Return files that are not stored, with the platform and the architecture of their names."""
    parent = version or Version(number="1.0.0", download=Download())
    return [file_named(pk, name, parent) for pk, name in enumerate(names, 1)]


def file_named(pk: int, name: str, version: Version) -> File:
    _, platform, architecture, *_ = [*name.partition(".")[0].split("-"), "", ""]
    file = File(pk=pk, filename=name, folded_name=name, version=version, kind=kind_of(name))
    file.platform, file.architecture, file.validation_status = platform, architecture, File.Validation.PASSED
    return file


def names(files: list[File]) -> list[str]:
    return [file.filename for file in files]


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("system", "offered"),
    [
        (System("windows", "x64"), ["tool-windows-x64"]),
        (System("windows", "arm64"), ["tool-windows-x64"]),
        (System("windows"), ["tool-windows-x64"]),
        (System("linux", "arm64"), ["tool-linux-arm64"]),
        (System("linux", "riscv64"), []),
        (System("macos", "arm64"), ["tool-macos-arm64"]),
        (System("macos"), ["tool-macos-arm64", "tool-macos-x64"]),
        (System("ios"), []),
        (System("android"), []),
        (System("freebsd", "x64"), []),
        (System(), []),
    ],
)
def test_visitor_is_offered_what_runs_on_the_system(system: System, offered: list[str]) -> None:
    offer = offer_to(system, files_named(*DESKTOP))
    assert names(offer.files) == offered
    assert set(names(offer.others)) == set(DESKTOP) - set(offered)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("system", "files", "offered"),
    [
        (System("macos"), ["a-macos-arm64", "a-macos-universal"], ["a-macos-universal"]),
        (System("macos", "arm64"), ["a-macos-x64"], ["a-macos-x64"]),
        (System("macos", "x64"), ["a-macos-arm64"], []),
        (System("macos", "x64"), ["a-darwin-x86_64"], ["a-darwin-x86_64"]),
        (System("linux", "arm64"), ["a-linux-x64"], []),
        (System("linux", "x64"), ["a-linux-x86", "a-linux-x64.sig"], ["a-linux-x86"]),
        (System("ios"), ["a", "b-linux-x64"], ["a"]),
        (System("linux", "x64"), ["a", "b-linux-x64"], ["b-linux-x64"]),
        (System(), ["a", "b-linux-x64"], ["a"]),
        (System(), ["b-linux-x64", "b-linux-x64.sig"], ["b-linux-x64"]),
        (System(), ["SHA256SUMS"], ["SHA256SUMS"]),
        (System("linux", "x64"), [], []),
    ],
)
def test_offer_with_few_files(system: System, files: list[str], offered: list[str]) -> None:
    assert names(offer_to(system, files_named(*files)).files) == offered


@pytest.mark.embedded
def test_file_that_did_not_pass_is_not_offered() -> None:
    (file,) = files_named("tool-linux-x64")
    file.validation_status = File.Validation.PENDING
    offer = offer_to(System("linux", "x64"), [file])
    assert (offer.files, offer.others) == ([], [])


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("platform", "visitor", "example"),
    [
        ("linux", System(), "tool-linux-x64"),
        ("linux", System("linux", "arm64"), "tool-linux-arm64"),
        ("macos", System("linux", "x64"), "tool-macos-arm64"),
        ("freebsd", System(), None),
    ],
)
def test_example_is_the_file_for_most_machines(platform: str, visitor: System, example: str | None) -> None:
    file = file_for_platform(platform, files_named(*DESKTOP), visitor)
    assert (file.filename if file else None) == example


@pytest.mark.django_db
def test_rule_for_one_file_equals_the_query() -> None:
    versions = [make_version(number="1.0.0", platforms=["linux"]), make_version(number="2.0.0")]
    for version, name in itertools.product(versions, ("x.zip", "x.zip.sig", "x-linux.zip", "x-Darwin.zip")):
        make_file(version, name=name, platform=file_named(0, name, version).platform, kind=kind_of(name))
    for platform in ("linux", "macos", "ios"):
        selected = set(File.objects.suiting(platform).values_list("pk", flat=True))
        assert {file.pk for file in File.objects.select_related("version") if file.suits(platform)} == selected


@pytest.mark.embedded
def test_visitor_with_armv7_is_offered_a_program_for_armv6() -> None:
    assert names(offer_to(System("linux", "armv7"), files_named("tool-linux-armv6", "tool-linux-x64")).files) == [
        "tool-linux-armv6"
    ]
