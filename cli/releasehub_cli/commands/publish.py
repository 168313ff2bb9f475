"""`publish`: upload files and publish them as a version. After a failure, another run does the rest."""

from __future__ import annotations

from typing import Any

import click

from releasehub_cli import options
from releasehub_cli.changelogs import section_of
from releasehub_cli.errors import CliError, usage
from releasehub_cli.localfiles import LocalFile, find_files, read_text
from releasehub_cli.names import contradicting_version
from releasehub_cli.output import Output
from releasehub_cli.progress import meter
from releasehub_cli.publish_request import PublishRequest, labels_by_name
from releasehub_cli.publishing import run
from releasehub_cli.resuming import resumable
from releasehub_cli.settings import Settings
from releasehub_cli.targets import VersionTarget
from releasehub_cli.uploads import Uploader


@click.command()
@click.argument(
    "words", nargs=-1, required=True, metavar=f"{options.VERSION} PATH...", shell_complete=options.complete_paths
)
@click.option("--download", "download", default="", hidden=True)
@click.option("--version", "number", default="", hidden=True)
@click.option("--channel", default="", help="The channel. By default the hub chooses it.")
@click.option("--title", default="", help="The title. The default is the title of the download and the version.")
@click.option("--tag", default="", help="The tag in the source repository. The default is v and the version.")
@click.option("--notes", default="", metavar="TEXT", help="Release notes in Markdown.")
@click.option(
    "--notes-file",
    type=click.File("rb"),
    metavar="F",
    help="Read the release notes from a file, or from stdin with -.",
)
@click.option(
    "--changelog",
    type=click.File("rb"),
    metavar="F",
    help="Take the release notes from the section of this version in a changelog.",
)
@click.option(
    "--platform",
    default="auto",
    show_default=True,
    metavar="auto|none|NAME",
    help="The platform. By default it is read from each file name.",
)
@click.option(
    "--architecture",
    default="auto",
    show_default=True,
    metavar="auto|none|A",
    help="The architecture. By default it is read from each file name.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="[NAME=]TEXT",
    help="The label of a file on the page of the version. Repeatable.",
)
@options.rollout
@click.option("--draft", "is_draft", is_flag=True, help="Upload the files, but do not publish the version.")
@click.option(
    "--replace", "replaces", is_flag=True, help="Replace files of the draft that differ from the local files."
)
@click.option(
    "--security",
    "is_security_release",
    is_flag=True,
    help="Mark it as a security release, which clients with a minimum age get at once. Requires a scope of its own.",
)
@click.option("--strict", is_flag=True, help="Fail if a file name states a different version.")
@options.parallel
@options.retries
@options.common()
@click.pass_obj
def publish(
    settings: Settings,
    /,
    words: tuple[str, ...],
    download: str,
    number: str,
    notes: str,
    notes_file: Any,
    changelog: Any,
    title: str,
    tag: str,
    percent: int | None,
    labels: tuple[str, ...],
    strict: bool,
    parallel: int,
    retries: int,
    **options_by_name: Any,
) -> None:
    """Upload files as a version and publish it.

    PATH is a file, a folder (its direct files, except hidden ones) or a pattern. The command creates a draft or uses
    the existing one, uploads the files that the draft does not have yet, and publishes the version when all files
    have passed the checks of the hub. After a failure, run the same command again.

    \b
    Example:
      releasehub publish packsmith@1.5.0 dist/* --changelog CHANGELOG.md
      releasehub publish packsmith@1.6.0-beta.1 dist --channel beta
    """
    if sum(map(bool, (notes, notes_file, changelog))) > 1:
        raise usage("Use only one of --notes, --notes-file and --changelog.")
    target, paths = options.target_and_paths(words, download, number)
    files = find_files(paths)
    parsed_target = _parse_target(target)
    if changelog:
        notes = section_of(read_text(changelog), parsed_target.version, changelog.name)
    elif notes_file:
        notes = read_text(notes_file)
    values = {"title": title, "tag": tag, "release_notes": notes, "rollout_percent": percent}
    given_values = {name: value for name, value in values.items() if value not in {"", None}}
    _check_names(settings.output, parsed_target.version, files, is_strict=strict)
    request = PublishRequest(
        parsed_target.download,
        parsed_target.version,
        values=given_values,
        labels=labels_by_name(labels, files),
        **options_by_name,
    )
    hub = settings.hub(retries=retries)
    with meter(settings.output) as bars:
        uploader = Uploader(hub, output=settings.output, meter=bars, parallel=parallel, retries=retries)
        with resumable(uploader):
            result = run(uploader, request, files, bars)
    if not request.channel and result["version"]["channel"] != "stable":
        version = result["version"]
        settings.output.note(f"The hub chose the channel {version['channel']} for {version['version_string']}.")
    settings.output.result(result, _summary(result))


def _parse_target(text: str) -> VersionTarget:
    """Return the download and the version number to publish.

    Raises:
        CliError: The version is a name such as `latest`.
    """
    target = VersionTarget.parse(text, needs_version=True)
    if target.version == "latest" or target.version.startswith(("latest-", "channel:")):
        raise usage(f"{target.version} is not a version number.", "Use a version number, such as packsmith@1.5.0.")
    return target


def _check_names(output: Output, number: str, files: list[LocalFile], *, is_strict: bool) -> None:
    """Warn about file names that state a different version.

    Raises:
        CliError: There is such a file name, and `--strict` is set.
    """
    wrong = [
        f"{file.name} states {stated_number}"
        for file in files
        if (stated_number := contradicting_version(file.name, number))
    ]
    if not wrong:
        return
    text = f"The version is {number}, but {'; '.join(wrong)}."
    if is_strict:
        raise CliError(text, code="version_differs", hint="Check the files and the version, or leave out --strict.")
    output.warn(text)


def _summary(result: dict[str, Any]) -> str:
    version = result["version"]
    uploaded_count = sum(file["done"] == "uploaded" for file in result["files"])
    result_word = "Published" if result["published"] else f"Uploaded ({version['state']})"
    total = len(result["files"])
    count = f"{total} {'file' if total == 1 else 'files'}, {uploaded_count} uploaded now"
    return f"{result_word} {version['version_string']} ({version['channel']}): {count}\n{version['url']}"
