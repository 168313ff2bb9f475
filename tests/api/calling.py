"""Send one operation of the schema in many forms, each to the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.test import Client

from files.models import File
from releasehub.accounts.models import User
from tests.api.described import real_parameters
from tests.factories import make_file
from tests.undoing import undone


@dataclass
class Caller:
    """Sends the same request again and again, and undoes what it changes."""

    verb: str
    path: str
    file: File

    def __post_init__(self) -> None:
        self.owner: User = self.file.version.download.owner
        self.url = self.path.format_map(Known(real_parameters(self.file, f"{self.verb.upper()} {self.path}")))

    def send(self, headers: dict[str, str], *, url: str = "", verb: str = "") -> Any:
        client = Client(raise_request_exception=False)
        before = transaction.savepoint()
        response = client.generic(
            (verb or self.verb).upper(), url or self.url, "{}", content_type="application/json", headers=headers
        )
        transaction.savepoint_rollback(before)
        return response


def callers(operations: list[tuple[str, str]]) -> Iterator[Caller]:
    """Yield a caller for each operation, all with the same file of a super-user, and undo what is done with it."""
    file = make_file()
    User.objects.filter(pk=file.version.download.owner_id).update(is_superuser=True)
    for verb, path in operations:
        with undone():
            yield Caller(verb, path, file)


class Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "1"


def chosen(forms: list[Any], turn: int) -> Any:
    """Return another one of the forms each turn."""
    return forms[turn % len(forms)]
