"""The command behind `make run`: it prepares the database and the static files, then becomes the web server."""

import errno
import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from downloads.services.first_run import needs_set_up
from releasehub.accounts.first_password import first_password_file
from releasehub.core.errors import DomainError
from releasehub.server.checks import is_writable
from releasehub.server.command import become_server
from releasehub.server.demo.data import load_demo
from releasehub.server.management.commands.set_up_link import set_up_url
from releasehub.server.ready import ANNOUNCED_URL

STATIC_STAMP = ".collected"


class Command(BaseCommand):
    help = "Prepare the hub, then run the web server, the worker and the scheduler in the foreground until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            default=settings.WEB_PORT,
            help="the port to listen on (default: PORT, or else 8000)",
        )
        parser.add_argument(
            "--host",
            default=settings.WEB_HOST,
            help="the IP address to listen on (default: HOST, or else 127.0.0.1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(settings.UMASK)  # this process creates the database and the demo files
        host = self.ip_address(options["host"])
        port = self.free_port(host, options["port"])
        self.need_data_dir()
        try:
            self.prepare()
        except BrokenPipeError as error:
            raise closed_output() from error
        origin = settings.PUBLIC_URL or f"http://{url_host(host)}:{port}"
        if needs_set_up():
            self.stdout.write(
                f"This hub is empty. Open this link to set it up; it works once:\n\n  {set_up_url(origin)}\n"
            )
            self.stdout.flush()
        os.environ[ANNOUNCED_URL] = f"{origin}/"
        become_server(host, port, has_worker=not settings.REDIS_URL)

    def ip_address(self, host: str) -> str:
        """Return the IP address of a name such as localhost, because the web server only takes addresses."""
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise unusable_host(host) from error
        return str(min(found, key=lambda one: one[0] != socket.AF_INET)[4][0])

    def free_port(self, host: str, text: str) -> int:
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise CommandError(f"PORT is {text}, which is not a valid port. Choose a number from 1 to 65535.")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(text)))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    raise unusable_host(host) from error
                raise CommandError(
                    f"Port {text} cannot be used ({error.strerror}). Choose another port, for example: "
                    "make run PORT=8001"
                ) from error
        return int(text)

    def need_data_dir(self) -> None:
        path = Path(settings.DATA_DIR)
        try:
            is_good = is_writable(path)
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            is_good = False
        if not is_good:
            raise CommandError(
                f"The data directory {path} is not writable. Make it writable for this user, or choose "
                "another directory: make run RELEASEHUB_DATA_DIR=/path/to/data"
            )

    def prepare(self) -> None:
        try:
            call_command("migrate", verbosity=0, interactive=False, skip_checks=False)
        except DatabaseError as error:
            raise CommandError(f"The database could not be prepared. Check DATABASE_URL. Cause: {error}") from error
        try:
            collect_static()
        except OSError as error:
            raise CommandError(
                f"The static files could not be written to {settings.STATIC_ROOT}. Free some space or make the folder "
                f"writable, then start the hub again. Cause: {error}"
            ) from error
        if settings.DEMO and needs_set_up():
            self.stdout.write("This is the first start. Loading the demo data …")
            self.stdout.flush()
            try:
                login = load_demo()
            except (OSError, DomainError, DatabaseError) as error:
                raise CommandError(
                    f"The demo data could not be stored in {settings.DATA_DIR}. Free some space and start the hub "
                    f"again, or set RELEASEHUB_DEMO=0. Cause: {error}"
                ) from error
            self.stdout.write(
                "\n".join(
                    [
                        "",
                        "  Admin:    /admin/",
                        f"  User:     {login.username}",
                        f"  Password: {login.password}",
                        f"  API key:  {login.key}",
                        "  (The password and the key are shown only once. Until you sign in, the password is also in "
                        f"{first_password_file()}. To start without demo data, set RELEASEHUB_DEMO=0.)",
                        "",
                    ]
                )
            )
            self.stdout.flush()  # the server that replaces this process would lose what is buffered


def closed_output() -> CommandError:
    """Return the error of a hub whose terminal is a pipe that was closed, as in `make run | head -1`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise, the interpreter fails again at its end
    return CommandError(
        "The output was closed before the hub was ready, so it was not started. The password of the first start is in "
        f"{first_password_file()}. Start the hub again without closing its output."
    )


def unusable_host(host: str) -> CommandError:
    return CommandError(
        f"HOST is {host or 'empty'}, which is not an IP address of this machine. Set it to 127.0.0.1 for this machine "
        "only, or to 0.0.0.0 to be reached from others."
    )


def url_host(address: str) -> str:
    """Return the host of URLs that lead to a server on this IP address."""
    if address in {"127.0.0.1", "::1", "0.0.0.0", "::"}:  # noqa: S104 - nothing listens here
        return "localhost"
    return f"[{address}]" if ":" in address else address


def collect_static() -> None:
    """Collect and compress the static files if one was added, removed or changed. This takes more than a second."""
    stamp, state = Path(settings.STATIC_ROOT) / STATIC_STAMP, static_state()
    if not stamp.exists() or stamp.read_text() != state:
        call_command("collectstatic", verbosity=0, interactive=False, clear=Path(settings.STATIC_ROOT).exists())
        stamp.write_text(state)


def static_state() -> str:
    """Return a value that changes with the number, size or time of the static files of the project and its packages."""
    files = [storage.path(path) for finder in get_finders() for path, storage in finder.list([])]
    details = [Path(file).stat() for file in files]
    newest = max((detail.st_mtime_ns for detail in details), default=0)
    return f"{len(details)} {sum(detail.st_size for detail in details)} {newest}"
