"""The result of a program that a test has run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Ended:
    """The exit code and the output of a program."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def ok(self) -> Ended:
        assert self.code == 0, self.out + self.err
        return self
