"""The command `doctor`, which checks a hub and everything around it."""

import json
from argparse import ArgumentParser
from functools import partial
from typing import Any

from releasehub.core.commands import PlainCommand
from releasehub.server.doctor import (  # noqa: F401 - each module registers its checks
    background,
    backups,
    certificate,
    clock,
    database,
    disk,
    hub,
    mail,
    public_url,
    replica,
    storage,
)
from releasehub.server.doctor.registry import Diagnosis, diagnose, names, run

STYLES = {"ok": "SUCCESS", "warning": "WARNING", "error": "ERROR"}


class Command(PlainCommand):
    help = (
        "Check the settings, the database, the storage, the mail server, the workers, the public URL and the disk, and "
        "say what to do about problems. Exit with code 1 if there are errors."
    )
    requires_system_checks: list[str] = []  # the check `settings` shows their results together with all others

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", action="append", choices=names(), help="run only this check; may be repeated")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
        parser.add_argument("--send-mail-to", metavar="ADDRESS", help="also send a test message to this address")

    def handle(self, *args: Any, only: list[str] | None, as_json: bool, send_mail_to: str | None, **_: Any) -> None:
        findings = list(diagnose(only or names()))
        if send_mail_to:
            findings += run("message", partial(mail.send_message, send_mail_to))
        has_errors = any(finding.status == "error" for finding in findings)
        if as_json:
            document = {"ok": not has_errors, "findings": [finding.as_dict() for finding in findings]}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            self._print(findings)
        if has_errors:
            raise SystemExit(1)

    def _print(self, findings: list[Diagnosis]) -> None:
        for finding in findings:
            style = getattr(self.style, STYLES[finding.status])
            self.stdout.write(f"{style(finding.status.upper()):<8} {finding.name}: {finding.message}")
            if finding.hint:
                self.stdout.write(f"         {finding.hint}")
