"""Send one operation of the schema in many forms, each to the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.test import Client

from releasehub.accounts.models import User
from tests.api.described import real_parameters
from tests.factories import make_file


@dataclass
class Caller:
    """Sends the same request again and again, and undoes what it changes."""

    verb: str
    path: str

    def __post_init__(self) -> None:
        file = make_file()
        self.owner: User = file.version.download.owner
        User.objects.filter(pk=self.owner.pk).update(is_superuser=True)
        self.url = self.path.format_map(Known(real_parameters(file, f"{self.verb.upper()} {self.path}")))

    def send(self, headers: dict[str, str], *, url: str = "") -> Any:
        client = Client(raise_request_exception=False)
        before = transaction.savepoint()
        response = client.generic(
            self.verb.upper(), url or self.url, "{}", content_type="application/json", headers=headers
        )
        transaction.savepoint_rollback(before)
        return response


class Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "1"
