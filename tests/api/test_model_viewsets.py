"""Every routed action of a view set has the hooks that it needs, so no route can fail with NotImplementedError."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from releasehub.api.common.model_mixins import ListModelMixin
from releasehub.api.common.model_viewsets import HubModelViewSet

pytestmark = pytest.mark.embedded


def routed_actions(patterns: list[Any]) -> Iterator[tuple[type[HubModelViewSet], str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routed_actions(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and issubclass(getattr(pattern.callback, "cls", object), HubModelViewSet):
            for action in pattern.callback.actions.values():  # type: ignore[attr-defined]
                yield pattern.callback.cls, action  # type: ignore[attr-defined]


def function_of(member: Any) -> Callable[..., Any] | None:
    """Return the function behind a method or a property that the project itself defines."""
    if isinstance(member, property):
        member = member.fget
    elif isinstance(member, cached_property):
        member = member.func
    elif isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    function = inspect.unwrap(member) if callable(member) else None
    is_ours = inspect.isfunction(function) and function.__module__.startswith(("releasehub.", __name__))
    return function if is_ours else None


@cache
def uses_of(function: Callable[..., Any]) -> list[tuple[str, bool]]:
    """Return the names that a method reads from `self` or `super()`, and whether it is the latter."""
    uses = []
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Attribute):
            owner = node.value
            if isinstance(owner, ast.Name) and owner.id == "self":
                uses.append((node.attr, False))
            elif isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super":
                uses.append((node.attr, True))
    return uses


@cache
def is_hook(function: Callable[..., Any]) -> bool:
    """Return whether the method only raises NotImplementedError."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    last = definition.body[-1]
    return isinstance(last, ast.Raise) and isinstance(last.exc, ast.Name) and last.exc.id == "NotImplementedError"


def missing_hooks(view: type, action: str) -> set[str]:
    """Return the hooks that the action can reach through calls of `self` and `super()`, but nothing implements."""
    missing: set[str] = set()
    seen: set[tuple[type, str]] = set()
    waiting: list[tuple[str, tuple[type, ...]]] = [(action, view.__mro__)]
    while waiting:
        name, classes = waiting.pop()
        owner = next((cls for cls in classes if name in vars(cls)), None)
        if owner is None or (owner, name) in seen:
            continue
        seen.add((owner, name))
        function = function_of(vars(owner)[name])
        if function is None:
            continue
        if is_hook(function):
            missing.add(name)
        after_owner = view.__mro__[view.__mro__.index(owner) + 1 :]
        waiting += [(used, after_owner if is_super else view.__mro__) for used, is_super in uses_of(function)]
    return missing


ACTIONS = sorted(set(routed_actions(get_resolver().url_patterns)), key=lambda pair: (pair[0].__qualname__, pair[1]))


def test_routed_actions_have_every_hook_that_they_need() -> None:
    found = {(view, action): missing_hooks(view, action) for view, action in ACTIONS}
    assert {pair: missing for pair, missing in found.items() if missing} == {}


def test_routes_of_every_dialect_with_model_view_sets_are_checked() -> None:
    assert {view.__module__.split(".")[2] for view, _ in ACTIONS} >= {"engine", "mc_dm", "native", "v3"}


def test_view_set_without_hooks_is_reported() -> None:
    class UnfinishedViewSet(ListModelMixin):
        pass

    assert missing_hooks(UnfinishedViewSet, "list") == {"get_queryset", "order_queryset"}
