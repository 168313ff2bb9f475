"""Find every regular expression that ReleaseHub ships, together with the way it is used."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core.validators import RegexValidator
from django.urls import URLPattern, URLResolver, get_resolver

from releasehub.server.request_middleware import MAX_PATH_CHARACTERS

ROOT = Path(__file__).parents[2]
PACKAGES = ("downloads", "files", "versions", "releasehub")
# name of a use -> how to run a pattern on a text in that way, to the end
USES: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "match": re.Pattern.match,
    "fullmatch": re.Pattern.fullmatch,
    "search": re.Pattern.search,
    "sub": lambda pattern, text: pattern.sub(text[:0], text),
    "subn": lambda pattern, text: pattern.subn(text[:0], text),
    "split": re.Pattern.split,
    "findall": re.Pattern.findall,
    "finditer": lambda pattern, text: list(pattern.finditer(text)),
}
METHOD_OF_NAME = re.compile(rf"\b(\w+)\.({'|'.join(USES)})\b")
CALL_OF_RE = re.compile(rf"\bre\.(?:compile|{'|'.join(USES)})\b")


@dataclass(frozen=True)
class Use:
    """One pattern, the place that uses it, and a function that runs it on a text in the same way."""

    place: str
    pattern: re.Pattern[Any]
    how: str
    run: Callable[[Any], object]


def all_uses() -> list[Use]:
    """Return every pattern once for each way it is used."""
    found = [*_in_source(), *_in_routes(get_resolver()), *_in_validators()]
    return list({(use.pattern, use.how): use for use in found}.values())


def _in_source() -> Iterator[Use]:
    """Yield the pattern of every call of the `re` module, evaluated with the names of its module.

    Raises:
        NameError: A function builds a pattern out of its own variables. Build it at the level of the module.
    """
    sources = {path: path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    methods = _methods_by_name(sources.values())
    for path, source in sorted(sources.items()):
        if not CALL_OF_RE.search(source):
            continue  # parsing every file would take longer than all patterns
        tree = ast.parse(source)
        module, names, collected = _module_of(path), _assigned_names(tree), _ids_in_comprehensions(tree)
        for name, pattern in _held_patterns(vars(module)):
            yield Use(f"{module.__name__}.{name}", pattern, "search", pattern.search)
        for call in _calls_of_re(tree):
            if id(call) in collected:
                continue  # a pattern that was collected already
            place = f"{path.relative_to(ROOT)}:{call.lineno}"
            pattern = re.compile(_evaluate(module, call.args[0]), _flags(module, call))
            if call.func.attr == "compile":  # type: ignore[attr-defined]
                uses = methods[names.get(call, "")] or {"match", "fullmatch"}
            else:
                uses = {call.func.attr}  # type: ignore[attr-defined]
            for use in sorted(uses):
                yield Use(place, pattern, use, partial(USES[use], pattern))


def _in_routes(resolver: URLResolver, prefix: str = "") -> Iterator[Use]:
    for entry in resolver.url_patterns:
        found: Any = entry.pattern
        yield Use(f"route {prefix}{found}", found.regex, "route", partial(_match_route, found))
        if isinstance(entry, URLResolver):
            yield from _in_routes(entry, f"{prefix}{found}")
        assert isinstance(entry, URLPattern | URLResolver)


def _match_route(route: Any, path: str) -> object:
    """Limit the length, because longer paths never reach the routes."""
    return route.match(path[:MAX_PATH_CHARACTERS])


def _in_validators() -> Iterator[Use]:
    """Yield the regular expressions of the project's models; Django tests those of its own validators."""
    for model in apps.get_models():
        if not model.__module__.startswith(PACKAGES):
            continue
        for field in model._meta.get_fields():
            for validator in getattr(field, "validators", ()):
                if isinstance(validator, RegexValidator):
                    pattern: Any = validator.regex
                    yield Use(f"validator of {field}", pattern, "search", pattern.search)


def _calls_of_re(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in {"compile", *USES}:
                yield node


def _methods_by_name(sources: Iterable[str]) -> dict[str, set[str]]:
    """Map a name to the methods of patterns that any module calls on it."""
    found: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        for name, method in METHOD_OF_NAME.findall(source):
            found[name].add(method)
    return found


def _assigned_names(tree: ast.AST) -> dict[ast.AST, str]:
    """Map the value of an assignment to the name it is assigned to."""
    return {
        node.value: node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _held_patterns(values: dict[str, Any]) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the patterns in dictionaries, lists and tuples of a module."""
    for name, value in values.items():
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if name != "__builtins__":
            yield from ((name, item) for item in items if isinstance(item, re.Pattern))


def _ids_in_comprehensions(tree: ast.Module) -> set[int]:
    """Return the ids of all nodes within a dictionary comprehension at the level of the module."""
    found = (node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.DictComp))
    return {id(inner) for comprehension in found for inner in ast.walk(comprehension)}


def _module_of(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _evaluate(module: ModuleType, expression: ast.expr) -> Any:
    return eval(compile(ast.Expression(expression), str(module.__file__), "eval"), vars(module))  # noqa: S307


def _flags(module: ModuleType, call: ast.Call) -> int:
    """Return the flags. Only `re.compile` takes them as its second argument; elsewhere they are keyword arguments."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    if call.func.attr == "compile":  # type: ignore[attr-defined]
        given += call.args[1:2]
    return int(_evaluate(module, given[0])) if given else 0
