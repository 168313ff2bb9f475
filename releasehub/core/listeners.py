"""Calls from a room to the rooms above it, which it must not import."""

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """The functions that rooms above register when Django starts. They run in the transaction of the change."""

    def __init__(self) -> None:
        self._functions: list[Callable[P, None]] = []

    def register(self, function: Callable[P, None]) -> None:
        self._functions.append(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for function in self._functions:
            function(*args, **kwargs)
