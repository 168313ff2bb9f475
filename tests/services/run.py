"""Runs a command, the whole test suite by default, against PostgreSQL, Redis and S3 servers of its own.

    python tests/services/run.py                          the whole suite
    python tests/services/run.py -k upload                arguments of pytest
    python tests/services/run.py -- python manage.py ...  any other command
    python tests/services/run.py --only postgres -- ...   only some of the servers

The servers live in one temporary folder, listen on a unix socket and on loopback ports of their own, and are gone when
the command has ended, however it ended. The exit code is that of the command.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from tests.services import servers
from tests.services.processes import ServiceError, Stopped, adopt_orphans, children, die_with_parent, interrupts

PARTS = {
    "postgres": ("DATABASE_URL",),
    "redis": ("REDIS_URL",),
    "s3": (*servers.S3_SETTINGS, "AWS_S3_ENDPOINT_URL"),
}
PACKAGES = {"postgres": ("postgresql",), "redis": ("redis-server",), "s3": ()}
VARIABLES = tuple(name for names in PARTS.values() for name in names)
TEST_POSTGRES_SETTINGS = {"synchronous_commit": "off"}
MAX_FOLDER_CHARACTERS = 60  # a unix socket has 107 characters for its whole path


@contextmanager
def services(
    *parts: str, postgres_settings: Mapping[str, str] = TEST_POSTGRES_SETTINGS
) -> Iterator[servers.Environment]:
    """Start all servers or the named parts, and yield the environment variables that lead to them.

    Call it from the main thread only. Within the block, SIGINT, SIGTERM and SIGHUP raise `Stopped`, a SystemExit.

    Raises:
        ServiceError: A server cannot be started.
    """
    chosen = parts or tuple(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise ValueError(f"There is no service {unknown.pop()!r}, only {', '.join(PARTS)}.")
    install_packages([package for part in chosen for package in PACKAGES[part]])
    with interrupts.caught(), temporary_folder() as folder, ExitStack() as stack:
        if "s3" in chosen:
            servers.install_s3_server(folder / "install.log")
        environment: servers.Environment = {}
        for part in chosen:
            started = time.monotonic()
            environment |= stack.enter_context(start(part, make_folder(folder / part), postgres_settings))
            print(f"{part:<9} ready in {time.monotonic() - started:.1f} s", flush=True)
        with interrupts.allowed():
            yield environment


def start(part: str, folder: Path, postgres_settings: Mapping[str, str]) -> AbstractContextManager[servers.Environment]:
    match part:
        case "postgres":
            return servers.postgres(folder, postgres_settings)
        case "redis":
            return servers.redis_server(folder)
        case _:
            return servers.s3_server(folder)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that others may pass through, because PostgreSQL runs as another user when we are root."""
    wanted = Path(tempfile.gettempdir())
    parent = wanted if len(str(wanted)) <= MAX_FOLDER_CHARACTERS else Path("/tmp")  # noqa: S108 - mkdtemp makes it ours
    folder = Path(tempfile.mkdtemp(prefix="releasehub-", dir=parent)).resolve()
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder)


def make_folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def install_packages(packages: Sequence[str], *, required: bool = True) -> None:
    """Install the packages. Raise ServiceError if a required one is missing; the script prints what to install."""
    if packages:
        script = Path(__file__).with_name("install-debian.sh")
        if subprocess.run(["bash", script, *packages], check=False).returncode and required:
            raise ServiceError("The services cannot be started.")


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return its exit code, or 128 + signal if a signal ended it.

    Raises:
        Stopped: A signal arrived. The command and all its descendants have ended.
    """
    adopt_orphans()
    ours = children()
    with interrupts.held():
        try:
            process = subprocess.Popen(command, env=clean_environment() | dict(environment), preexec_fn=end_with_us)
        except OSError as error:
            raise ServiceError(f"{command[0]} cannot be started: {error.strerror}.") from error
        try:
            with interrupts.allowed():
                code = process.wait()
        except Stopped as stopped:
            stop_command(process, told=stopped.number == signal.SIGINT and is_in_foreground())
            raise
        finally:
            stop_orphans(keep=ours)
    return 128 - code if code < 0 else code


def clean_environment() -> servers.Environment:
    """Return our environment without variables that lead to other services, including those of libpq and boto3."""
    leading = ("AWS_", "PG")
    return {name: text for name, text in os.environ.items() if name not in VARIABLES and not name.startswith(leading)}


def end_with_us() -> None:
    die_with_parent(signal.SIGTERM)


def is_in_foreground() -> bool:
    """Return whether Ctrl-C in the terminal also reached the command, which is in our process group."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def stop_command(process: "subprocess.Popen[bytes]", *, told: bool) -> None:
    """Send SIGINT first, because pytest then tears down its fixtures. A second SIGINT would make it give up."""
    if not told:
        process.send_signal(signal.SIGINT)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=8)
            return
        process.send_signal(number)
    process.wait()


def stop_orphans(*, keep: set[int]) -> None:
    """End what the command left behind."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 3
        while orphans := children() - keep:
            for orphan in orphans:
                with suppress(OSError):
                    os.kill(orphan, number)
                    os.waitpid(orphan, os.WNOHANG)
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)


def parse(arguments: Sequence[str]) -> tuple[list[str], list[str], bool]:
    """Return the parts, the command, and whether the command is the test suite."""
    own, separator, command = split(arguments)
    parser = argparse.ArgumentParser(
        usage="run.py [--only PART]... [ARGUMENT OF PYTEST... | -- COMMAND...]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--only", metavar="PART", choices=PARTS, action="append", help=f"one of {', '.join(PARTS)}")
    options, rest = parser.parse_known_args(own)
    if separator and (rest or not command):
        parser.error("give either arguments of pytest, or -- and a command")
    return options.only or [], command or [sys.executable, "-m", "pytest", *of_suite(rest)], not command


def of_suite(arguments: Sequence[str]) -> list[str]:
    """The whole suite without what no service takes part in; whatever is asked for by name runs as it is."""
    is_whole = not any(item == "-m" or item.startswith("tests/") for item in arguments)
    return [*arguments, "-m", "not embedded"] if is_whole else list(arguments)


def split(arguments: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in arguments:
        return list(arguments), False, []
    position = list(arguments).index("--")
    return list(arguments[:position]), True, list(arguments[position + 1 :])


def main(arguments: Sequence[str]) -> int:
    parts, command, is_suite = parse(arguments)
    try:
        if is_suite:
            os.chdir(servers.ROOT)
            # Tests say so themselves when one is missing.
            install_packages(["chromium-headless-shell", "nginx-light"], required=False)
        with services(*parts) as environment:
            return run_command(command, environment)
    except ServiceError as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
