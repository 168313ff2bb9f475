"""Render user-written Markdown as safe HTML, with a limit on the rendering cost."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as parse_table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.gfm import gfm_plugin

from releasehub.pages.markdown_tokens import ALERTS, adapt_tokens

MAX_CHARS = 100_000
MAX_STEPS = 50_000
MAX_NESTING = 20
SHORT_CHARS = 10_000

TAGS = {
    "a", "blockquote", "br", "code", "details", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ins", "kbd", "li",
    "ol", "p", "pre", "s", "samp", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
SCHEMES = {"http", "https", "mailto"}
LINK_REL = "nofollow noopener noreferrer"

InlineRule = Callable[[StateInline, bool], bool]

_SCHEME = re.compile(r"([^/?#:]*):")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BARE_URL = re.compile(r"(?:://|www\.)\S{1,2000}+(?!\S)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,100}\]")


def render_markdown(text: str) -> SafeString:
    """Render Markdown as GitHub does, with a few tags of raw HTML. An image becomes a link to the image.

    This never raises. A text that is longer than MAX_CHARS, takes too long or grows too much is rendered as plain
    paragraphs. Recent results are cached.
    """
    return _render_short(text) if len(text) <= SHORT_CHARS else _render_long(text)


def _render(text: str) -> SafeString:
    """Render the text, then sanitize the HTML, so that a fault in one step does not let a script through."""
    encodable = _SURROGATES.sub("\ufffd", text)
    try:
        html = _cleaner.clean(_to_html(encodable))
    except _TooCostly:
        html = linebreaks(encodable, autoescape=True)
    return mark_safe(html)  # noqa: S308 - cleaned or escaped above


# Long texts have a cache of their own, so that a few of them neither fill the memory nor evict the many short ones.
_render_short = lru_cache(maxsize=256)(_render)
_render_long = lru_cache(maxsize=16)(_render)


class _TooCostly(Exception):
    """The text takes more steps or produces more HTML than any legitimate text."""


@dataclass
class _Budget:
    """The number of parser rule calls that are left. Each call takes bounded time, so this bounds the total time."""

    steps: int = MAX_STEPS
    row_steps: int = 1

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise _TooCostly


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's name
        """Return True for http, https and mailto URLs and for paths of this site, but not for `//host`.

        `url` is decoded and normalized already. A link that is rejected stays in the text as it was written.
        """
        address = "".join(char for char in url if char > " ").replace("\\", "/")
        if scheme := _SCHEME.match(address):
            return scheme[1].lower() in SCHEMES
        return not address.startswith("//")


def _to_html(text: str) -> str:
    """Parse the text and render it to HTML.

    Raises:
        _TooCostly: The text takes too many steps or produces too much HTML.
    """
    if len(text) > MAX_CHARS:
        raise _TooCostly
    env = {"budget": _Budget()}
    tokens = _markdown.parse(text, env)
    # A text can define one long URL or title and refer to it thousands of times, so the size is checked before
    # rendering.
    _check_growth(text, _weight(tokens))
    html = str(_renderer.render(tokens, _markdown.options, env))
    _check_growth(text, len(html))
    return html


def _check_growth(text: str, size: int) -> None:
    """Check the size of the HTML. A text that consists only of the shortest possible links grows twelvefold."""
    if size > 12 * len(text) + 10_000:
        raise _TooCostly


def _weight(tokens: list[Token]) -> int:
    """Return the number of characters in all values that the HTML will contain."""
    flat = [leaf for token in tokens for leaf in (token.children or [token])]
    return sum(len(token.content) + sum(len(str(value)) for value in token.attrs.values()) for token in flat)


def _count_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    budget: _Budget = state.env["budget"]
    budget.spend(budget.row_steps)
    return False


def _count_inline(state: StateInline, silent: bool) -> bool:
    state.env["budget"].spend(1)
    return False


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Apply the parser's table rule, and count two steps for each cell.

    The parser fills short rows up to the width of the head, so a short text could produce a very large table.
    """
    delimiters = state.src[state.bMarks[start_line + 1] : state.eMarks[start_line + 1]]
    budget: _Budget = state.env["budget"]
    budget.row_steps = 2 * (delimiters.count("|") + 1)
    try:
        return parse_table(state, start_line, end_line, silent)
    finally:
        budget.row_steps = 1


def _bounded_autolink(parse: InlineRule) -> InlineRule:
    """Return the plugin's rule for bare URLs, limited to the characters up to the next space.

    Without the limit, the rule copies the rest of the text and searches the text before it at each colon.
    """

    def link(state: StateInline, silent: bool) -> bool:
        is_protocol = state.pending.endswith(("http", "https"))
        if silent or not (is_protocol or state.src.startswith("www.", state.pos)):
            return False
        state.env["budget"].spend(1 + len(state.pending) // 50)
        run = _BARE_URL.match(state.src, state.pos, state.posMax)
        if run is None:
            return False
        end, state.posMax = state.posMax, run.end()
        try:
            return parse(state, silent)
        finally:
            state.posMax = end

    return link


def _bounded_footnote(parse: InlineRule) -> InlineRule:
    """Return the plugin's rule for footnotes, limited to labels of a usual length."""

    def refer(state: StateInline, silent: bool) -> bool:
        if not _FOOTNOTE.match(state.src, state.pos, state.posMax):
            return False
        return parse(state, silent)

    return refer


def _make_parser() -> _Markdown:
    parser = _Markdown("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.use(gfm_plugin)
    parser.disable("gfm_autolink_email")
    for name in ("gfm_autolink_www", "gfm_autolink_protocol"):
        parser.inline.ruler.at(name, _bounded_autolink(_rule(parser, name)))
    parser.inline.ruler.at("footnote_ref", _bounded_footnote(_rule(parser, "footnote_ref")))
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "count", _count_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.inline.ruler.before("text", "count", _count_inline)
    parser.core.ruler.push("adapt", adapt_tokens)
    return parser


def _rule(parser: MarkdownIt, name: str) -> InlineRule:
    return next(rule.fn for rule in parser.inline.ruler.__rules__ if rule.name == name)


_markdown = _make_parser()
_renderer = RendererHTML()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    allowed_classes={"blockquote": {"alert", *(f"alert-{kind}" for kind in ALERTS)}},
    url_schemes=SCHEMES,
    link_rel=LINK_REL,
)
