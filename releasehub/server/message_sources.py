"""Collect the sentences that the domain says to users, which the pages translate.

The domain writes plain English sentences: in errors, in the findings of inspected files, in results of deliveries.
All of them start with a capital letter or a value and end with a full stop. Log messages do so, too, and are skipped.
`make messages` stores the sentences in `releasehub/locale/domain_messages.txt`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

DOMAIN = ("downloads", "versions", "files", "releasehub")
# Rooms that say nothing to users, or that mark their texts themselves.
SKIPPED = {
    "api",
    "audit",
    "backoffice",
    "locale",
    "management",
    "migrations",
    "operations",
    "pages",
    "server",
    "settings",
    "static",
}
SKIPPED_FILES = {
    "anonymizing.py",
    "checks.py",
    "digest_mail.py",
    "email.py",
    "invitation_mail.py",
    "mail.py",
    "notices.py",
    "quarantine_mail.py",
    "report_mail.py",
    "watch_mail.py",
}
START_OF_SENTENCE = re.compile(r"[A-Z]|\{\w*\} ")
QUIET_CALLS = re.compile(r"log\.\w+|logger\.\w+|warnings\.\w+|RuntimeError|ValueError|TypeError|AssertionError")
QUIET_ARGUMENTS = {"help_text"}


def collect(root: Path) -> list[str]:
    """Return the sentences of the domain, sorted. Values are in braces, such as `{name}`."""
    found: set[str] = set()
    for folder in DOMAIN:
        for path in (root / folder).rglob("*.py"):
            if SKIPPED.isdisjoint(path.relative_to(root).parts) and path.name not in SKIPPED_FILES:
                found.update(sentences_of(path.read_text(encoding="utf-8")))
    return sorted(found)


def sentences_of(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    quiet = {id(child) for node in ast.walk(tree) for part in _quiet_parts(node) for child in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in quiet:
            continue
        text = template_of(node)
        if is_sentence(text):
            yield text


def is_sentence(text: str) -> bool:
    """Return whether a text is a sentence on one line, and not a name, a path or a part of a query."""
    start = START_OF_SENTENCE.match(text)
    return start is not None and " " in text[start.end() :] and "\n" not in text and text.endswith((".", "!", "?"))


def _quiet_parts(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node whose texts users do not read: docstrings, log messages and parts of f-strings."""
    if isinstance(node, ast.JoinedStr):
        return [part for part in node.values if isinstance(part, ast.Constant)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Call):
        if QUIET_CALLS.fullmatch(ast.unparse(node.func)):
            return list(node.args)
        return [keyword.value for keyword in node.keywords if keyword.arg in QUIET_ARGUMENTS]
    return []


def template_of(node: ast.AST) -> str:
    """Return the text of a string or an f-string, with the values of the latter in braces; empty for other nodes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    names: dict[str, int] = {}
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            parts.append(f"{{{_name_of(part.value, names)}}}")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return "".join(parts)


def _name_of(value: ast.expr, names: dict[str, int]) -> str:
    """Return a name for a value of an f-string that is unique in it."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else "value"
    names[name] = names.get(name, 0) + 1
    return name if names[name] == 1 else f"{name}{names[name]}"
