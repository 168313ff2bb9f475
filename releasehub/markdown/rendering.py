"""Render user-written Markdown as safe HTML, with a limit on the rendering cost."""

import re
from functools import lru_cache

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from mdit_py_plugins.gfm import gfm_plugin

from releasehub.markdown.limits import (
    Budget,
    InlineRule,
    TooCostly,
    bounded_autolink,
    bounded_footnote,
    bounded_table,
    check_growth,
    count_block,
    count_inline,
    outermost_footnote,
    weight_of,
)
from releasehub.markdown.tags import BLOCK_TAGS, CELL_ATTRIBUTES, INLINE_TAGS
from releasehub.markdown.tokens import ALERTS, adapt_tokens, is_stored_picture

MAX_CHARS = 100_000
MAX_NESTING = 20
SHORT_CHARS = 10_000

TAGS = {*INLINE_TAGS.values(), *BLOCK_TAGS.values(), "br", "hr", "img"}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "td": set(CELL_ATTRIBUTES),
    "th": set(CELL_ATTRIBUTES),
}
SCHEMES = {"http", "https", "mailto"}
LINK_REL = "nofollow noopener noreferrer"


_SCHEME = re.compile(r"([^/?#:]*):")
_SURROGATES = re.compile("[\ud800-\udfff]")


def render_markdown(text: str) -> SafeString:
    """Render Markdown as GitHub does, with a few tags of raw HTML.

    Stored pictures of the hub are shown. Every other image becomes a link to the image.

    This never raises. A text that is longer than MAX_CHARS, takes too long or grows too much is rendered as plain
    paragraphs. Recent results are cached.
    """
    return _render_short(text) if len(text) <= SHORT_CHARS else _render_long(text)


def _render(text: str) -> SafeString:
    """Render the text, then sanitize the HTML, so that a fault in one step does not let a script through."""
    encodable = _SURROGATES.sub("\ufffd", text)
    try:
        html = _cleaner.clean(_to_html(encodable))
        check_growth(text, len(html))  # the parser repeats open tags in elements that interrupt them
    except TooCostly:
        html = linebreaks(encodable, autoescape=True)
    return mark_safe(html)  # noqa: S308 - cleaned or escaped above


# Long texts have a cache of their own, so that a few of them neither fill the memory nor evict the many short ones.
_render_short = lru_cache(maxsize=256)(_render)
_render_long = lru_cache(maxsize=16)(_render)


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
    if len(text) > MAX_CHARS:
        raise TooCostly
    env = {"budget": Budget()}
    tokens = _markdown.parse(text, env)
    # A text can define one long URL or title and refer to it thousands of times, so the size is checked before
    # rendering.
    check_growth(text, weight_of(tokens))
    html = str(_renderer.render(tokens, _markdown.options, env))
    check_growth(text, len(html))
    return html


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Drop the source of every image that is not a stored picture."""
    return value if (tag, name) != ("img", "src") or is_stored_picture(value) else None


def _make_parser() -> _Markdown:
    parser = _Markdown("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.use(gfm_plugin)
    parser.disable("gfm_autolink_email")
    for name in ("gfm_autolink_www", "gfm_autolink_protocol"):
        parser.inline.ruler.at(name, bounded_autolink(_rule(parser, name)))
    parser.inline.ruler.at("footnote_ref", bounded_footnote(_rule(parser, "footnote_ref")))
    parser.block.ruler.at("footnote_def", outermost_footnote, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("table", bounded_table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "count", count_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.inline.ruler.before("text", "count", count_inline)
    parser.core.ruler.push("adapt", adapt_tokens)
    return parser


def _rule(parser: MarkdownIt, name: str) -> InlineRule:
    return next(rule.fn for rule in parser.inline.ruler.__rules__ if rule.name == name)


_markdown = _make_parser()
_renderer = RendererHTML()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_filter_attribute,
    allowed_classes={"blockquote": {"alert", *(f"alert-{kind}" for kind in ALERTS)}},
    url_schemes=SCHEMES,
    link_rel=LINK_REL,
)
