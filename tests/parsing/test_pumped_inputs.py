"""Every parser of untrusted text runs in linear time.

The texts are units, repeated as often as there is room: those that make a backtracking pattern slow, and those of the
parser's own language. A parser that refuses long texts is pumped up to its limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from files import mime
from files.links import name_in
from files.names import InvalidName, clean_name, fold_name
from releasehub.core.errors import Invalid
from releasehub.markdown import rendering as markdown
from releasehub.markdown.rendering import MAX_CHARS, render_markdown
from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.urls import MAX_CHARACTERS, parse_redirect, parse_target
from releasehub_cli import config, names
from releasehub_cli.errors import CliError
from tests.parsing.cpu import CpuTimeExceeded, cpu_limit
from tests.parsing.pumps import NASTY
from tests.speed import slowness
from versions.numbering import InvalidNumber, ceiling, parse, read
from versions.schemes import MAX_NUMBER_CHARACTERS, Scheme, accepts

pytestmark = pytest.mark.embedded
REFUSALS = (InvalidNumber, InvalidUrl, InvalidName, Invalid, CliError)
ENDS = ("", "\x00")
# Characters that take long to fold, to encode or to compare.
UNICODE = (
    "\u00e9",
    "e\u0301",
    "\u0130",
    "\ufdfa",
    "\u3000",
    "\u0661",
    "\U0001f600",
    "\ud800",
    "xn--",
    "\u00df",
    "\u200d",
)


def pumped(prefix: str, unit: str, end: str, size: int) -> str:
    room = size - len(prefix) - len(end)
    return prefix + unit * (room // len(unit)) + end


@dataclass(frozen=True)
class Parser:
    """`run` reads a text; up to `size` characters of it take at most `seconds` on a usual machine.

    With `finalists`, every text is read with a fraction of the size, one tenth by default, and only so many of the
    slowest with the whole size: what grows faster than its length is among the slowest already then.
    """

    name: str
    run: Callable[[str], Any]
    size: int
    seconds: float
    units: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ("",)
    finalists: int = 0
    fraction: int = 10
    ends: tuple[str, ...] = ENDS

    def texts(self) -> Iterator[str]:
        units = dict.fromkeys((*NASTY, *UNICODE, *self.units))
        pumps = list(product(self.prefixes, units, self.ends))
        if self.finalists:
            pumps = sorted(
                pumps, key=lambda pump: self._cpu_seconds(pumped(*pump, self.size // self.fraction)), reverse=True
            )
            pumps = pumps[: self.finalists]
        for pump in pumps:
            yield pumped(*pump, self.size)

    def _cpu_seconds(self, text: str) -> float:
        started = time.process_time()
        self._exceeds(text, self.seconds)
        return time.process_time() - started

    def slow_text(self) -> str | None:
        """Return the first text that takes too long, cut; what is slow is tried again with the machine's slowness."""
        for text in self.texts():
            if self._exceeds(text, self.seconds) and self._exceeds(text, self.seconds * slowness()):
                return text[:80]
        return None

    def _exceeds(self, text: str, seconds: float) -> bool:
        try:
            with cpu_limit(seconds), suppress(*REFUSALS):
                self.run(text)
        except CpuTimeExceeded:
            return True
        return False


def render(text: str) -> None:
    markdown._render_long.cache_clear()
    markdown._render_short.cache_clear()
    render_markdown(text)


def follow(location: str) -> None:
    parse_redirect(parse_target("https://example.com/a/b"), location)


def read_number_of(scheme: Scheme | None) -> Callable[[str], None]:
    def read_all(text: str) -> None:
        for parser in (parse, read, ceiling):
            with suppress(InvalidNumber):
                parser(text, scheme)
        if scheme is not None:
            accepts(text, scheme)

    return read_all


def sniff(text: str) -> None:
    head = text.encode("utf-8", "surrogatepass")
    mime.sniff(head)
    for extension in ("png", "svg", "zip", "html"):
        mime.suits(extension, head)


NUMBER_UNITS = ("1", "0", "1.", "-1", "+1", "a", "rc", "a1", ".post1", ".dev", "!", "1!", "v", "-rc.1", "99999999")
NUMBER_PREFIXES = ("", "1.0.0-", "1.0.0+", "1!", "v", "1.0", "2024.06.10-")
URL_PREFIXES = ("", "http://", "https://a/", "https://a?", "https://[", "https://a:", "https://a.b#")
URL_UNITS = ("a.", "xn--a.", "1.", "0x1.", "../", "./", "%", "@", "//", "::", "\u00fc.", "a" * 63 + ".", "1:")
MARKDOWN_UNITS = (
    "> ", "- ", "* a\n", "1. ", "\n\n", "```\n", "~~", "__", "*a_ ", "[a](", "![a](", "[a]: b\n", "[a][b]", "<a",
    "<!--", "|a", "|-", "|a|b\n|-|-\n", "    a\n", "# ", "---\n", "\\", "&", "&#", "`", "``` `", "a*", "**a ", "<http://a",
    "[[", "]", "](", "[a](b 'c", "\t", "- - ", "> > ", "~", "\n", "_a", "***", "[](<", "[^", "[^a]: b\n", " http://a_.b",
    "(http://a", "http://a)", "www.a ", "<details>\n\n", "<b>", "<b>a\n\n", "<a b='", "<img src=x>", "<![CDATA[",
    "> [!NOTE]\n", "- [ ] a\n",
)  # fmt: skip
CLI_UNITS = ("1.", "1-", "v1.2.3-", "linux-", "win", "x86_64-", "-rc", "rc.1-", "alpha", ".tar", "(1)", "armv8l", "aA")

BODY_CHARACTERS = 2 * 1024 * 1024  # the default of RELEASEHUB_MAX_BODY_BYTES; the admin sets no other limit
FINALISTS = 4  # of some hundred texts
CLI_CHARACTERS = 8_192  # far more than a file system takes

PARSERS = [
    Parser("Markdown", render, MAX_CHARS, 1.5, MARKDOWN_UNITS, finalists=4, fraction=20, ends=ENDS[1:]),
    # A twentieth of it is still too long.
    Parser("Markdown that is too long to be parsed", render, BODY_CHARACTERS, 1, finalists=2, fraction=20, ends=("",)),
    *(
        Parser(f"version number, {scheme}", read_number_of(scheme), size, 0.04, NUMBER_UNITS, NUMBER_PREFIXES)
        for scheme in (None, *Scheme)
        for size in (MAX_NUMBER_CHARACTERS, 100_000)
    ),
    *(
        Parser(f"outbound {what}, {size} characters", run, size, 0.5, URL_UNITS, URL_PREFIXES, FINALISTS)
        for what, run in (("URL", parse_target.__wrapped__), ("redirect", follow))
        for size in (MAX_CHARACTERS, 65_536)
    ),
    Parser("name in a URL", name_in, 65_536, 0.5, URL_UNITS, URL_PREFIXES, FINALISTS),
    Parser("URL of a hub on the command line", config.clean_url, 65_536, 0.5, URL_UNITS, URL_PREFIXES, FINALISTS),
    Parser("key on the command line", config.clean_key, 65_536, 0.5),
    Parser("file name, its target", names.target_of, CLI_CHARACTERS, 0.4, CLI_UNITS),
    Parser(
        "file name, its version",
        lambda text: names.contradicting_version(text, "1.2.3-rc.1"),
        CLI_CHARACTERS,
        0.1,
        CLI_UNITS,
    ),
    Parser(
        "version and a file name",
        lambda text: names.contradicting_version("a-1.2.3.zip", text),
        CLI_CHARACTERS,
        0.1,
        CLI_UNITS,
    ),
    Parser("platform", names.fold_platform, CLI_CHARACTERS, 0.4, CLI_UNITS),
    Parser("architecture", names.fold_architecture, CLI_CHARACTERS, 0.4, CLI_UNITS),
    Parser("file name, cleaned", clean_name, 65_536, 0.5, CLI_UNITS, finalists=FINALISTS),
    Parser("file name, folded", fold_name, 65_536, 0.5, CLI_UNITS, finalists=FINALISTS),
    Parser(
        "type of an icon or file",
        sniff,
        65_536,
        0.5,
        ("<svg ", "<?xml ?>", "<!-- -->", "<!--", "-->", "<!doctype ", "\x89PNG\r\n", "GIF8", "PK\x03\x04", "RIFF"),
        ("", "\ufeff", "<!--", "\x89PNG\r\n\x1a\n", "PK\x03\x04", "<?xml "),
        FINALISTS,
    ),
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_pumped_text_takes_long(parser: Parser) -> None:
    assert parser.slow_text() is None


def quadratic(text: str) -> int:
    return sum(text.count(text[place]) for place in range(0, len(text), 8))


@pytest.mark.parametrize(("finalists", "fraction"), [(0, 10), (4, 20)])
def test_quadratic_parser_is_detected(finalists: int, fraction: int) -> None:
    parser = Parser("quadratic", quadratic, 65_536, 0.04, finalists=finalists, fraction=fraction)
    assert parser.slow_text() is not None
