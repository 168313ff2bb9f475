"""The declared environment variables, for the command `settings` and for `docs/settings.md`, which it prints."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

HIDDEN = "(hidden)"
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]+(?=@)")


@dataclass(frozen=True)
class Declaration:
    """An environment variable that the settings read.

    Attributes:
        kind: The form of its value, such as `number from 1 to 365`.
        default: The value if the variable is not set, or a description of it, in Markdown.
        is_secret: The value must appear in no output.
        file: The file in the data directory that holds the value if the variable is not set; may be empty.
    """

    name: str
    section: str
    kind: str
    default: str
    help: str
    is_secret: bool = False
    file: str = ""

    @property
    def given(self) -> str:
        """The value of the variable. An empty one counts as not set."""
        return os.environ.get(self.name, "").strip()

    def source(self, data_dir: Path) -> str:
        if self.given:
            return "environment"
        return f"file {self.file}" if self.file and (data_dir / self.file).exists() else "default"

    def shown_value(self, data_dir: Path) -> str:
        """Return the current value as text, without secrets: neither those of a variable nor those in a URL."""
        if self.source(data_dir) == "default":
            return plain(self.default)
        if self.is_secret:
            return HIDDEN
        return without_credentials(self.given or (data_dir / self.file).read_text(encoding="utf-8").strip())


def without_credentials(text: str) -> str:
    """Hide the user names and passwords of the URLs in the text, for example of a collector or an S3 service."""
    return _CREDENTIALS.sub(HIDDEN, text)


def shown_default(value: object) -> str:
    if isinstance(value, bool):
        return f"`{value:d}`"
    return f"`{value}`" if value or value == 0 else "none"


def plain(text: str) -> str:
    """Return the text without the marks of code."""
    return text.replace("`", "")


def as_markdown(declarations: list[Declaration]) -> str:
    """Return tables of the declarations, one for each section."""
    lines: list[str] = []
    for section in dict.fromkeys(declaration.section for declaration in declarations):
        lines += ["", f"## {section}", "", "| Variable | Type | Default | Meaning |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{one.name}` | {one.kind} | {one.default} | {one.help} |"
            for one in declarations
            if one.section == section
        ]
    return "\n".join(lines)
