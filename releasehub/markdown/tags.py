"""Replace raw HTML in Markdown by tokens of known tags."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

INLINE_TAGS = {
    "a": "a", "b": "strong", "cite": "em", "code": "code", "del": "s", "dfn": "em", "em": "em", "i": "em", "ins": "ins",
    "kbd": "kbd", "s": "s", "samp": "samp", "strike": "s", "strong": "strong", "sub": "sub", "sup": "sup", "tt": "code",
    "u": "u", "var": "em",
}  # fmt: skip
# Elements that may contain other blocks, and so may end in a later piece of HTML, after blocks of Markdown.
CONTAINER_TAGS = {
    "blockquote", "dd", "details", "dl", "dt", "li", "ol", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
BLOCK_TAGS = INLINE_TAGS | {
    name: name for name in [*CONTAINER_TAGS, "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "summary"]
}
# Tags that are left out, while their content is shown. A line across the page has no place within a paragraph.
HIDDEN_TAGS = {
    "abbr", "caption", "center", "div", "figcaption", "figure", "font", "hr", "mark", "picture", "q", "section",
    "small", "source", "span", "wbr",
}  # fmt: skip
# Elements whose end tags HTML allows to leave out, and the elements that such a start tag ends.
IMPLIED_ENDS = {
    "dd": {"dd", "dt"}, "dt": {"dd", "dt"}, "li": {"li"}, "p": {"p"}, "td": {"td", "th"}, "th": {"td", "th"},
    "tr": {"td", "th", "tr"},
}  # fmt: skip
_SPAN = re.compile(r"[1-9]|1\d|20")
CELL_ATTRIBUTES = {"align": re.compile(r"left|center|right"), "colspan": _SPAN, "rowspan": _SPAN}
MAX_OPEN_TAGS = 20
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[\s/][^<>]*)?)>")
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([a-z]+)=("[^"]*"|'[^']*'|[^\s"'=<>`]+)""", re.IGNORECASE)


class TagWriter:
    """Replace raw HTML by tokens of known tags, and show everything else as it was written.

    Links keep their address, and cells of tables keep their alignment and how many cells they span.

    Tags are always closed, and only in the element that they were opened in. Otherwise the HTML parser that sanitizes
    the result would open them again in each of the following elements, and a short text could become very large.
    """

    def __init__(self, state: StateCore, tags: dict[str, str]) -> None:
        self._state = state
        self._tags = tags
        self._open: list[list[str]] = [[]]  # the open tags of raw HTML in each open element of Markdown
        self._count = 0
        self._may_link = True
        self._skips_link = False  # within a link of Markdown that is inside a link of raw HTML

    def balance(self, tokens: Iterable[Token]) -> Iterator[Token]:
        for token in tokens:
            if token.type in {"html_inline", "html_block"}:
                # Without its end, a link in a block would be closed before the blocks that follow, and be empty.
                self._may_link = token.type == "html_inline" or "</a" in token.content.lower()
                yield from self._read(token.content)
                if token.type == "html_block":
                    yield from self._close_simple_tags()
            elif token.type in {"link_open", "link_close"} and self._is_within_link(token):
                continue
            else:
                yield from self._follow(token)
        yield from self._close_until(0)

    def _is_within_link(self, token: Token) -> bool:
        """Return whether a link of Markdown is in a link of raw HTML. Links cannot be nested, so it becomes text."""
        is_within = self._skips_link if token.nesting < 0 else self._has_open("a")
        self._skips_link = is_within and token.nesting > 0
        return is_within

    def _has_open(self, name: str) -> bool:
        return any(name in names for names in self._open)

    def _follow(self, token: Token) -> Iterator[Token]:
        if token.nesting > 0:
            self._open.append([])
        elif token.nesting < 0:
            yield from self._close_until(0)
            self._open.pop()
        yield token

    def _read(self, html: str) -> Iterator[Token]:
        position = 0
        while position < len(html):
            if html.startswith("<!--", position) and (end := html.find("-->", position + 2)) >= 0:
                position = end + 3
            elif tag := _TAG.match(html, position):
                yield from self._tag(tag)
                position = tag.end()
            else:
                # An unclosed comment is text up to its end, so that no text is searched twice.
                is_comment = html.startswith("<!--", position)
                end = -1 if is_comment else html.find("<", position + 1)
                end = len(html) if end < 0 else end
                yield Token("text", "", 0, content=unescape(html[position:end]))
                position = end

    def _tag(self, tag: re.Match[str]) -> Iterator[Token]:
        is_end, name = bool(tag[1]), tag[2].lower()
        if name == "br":
            yield Token("hardbreak", "br", 0)
        elif name == "hr" and self._tags is BLOCK_TAGS:
            yield Token("hr", "hr", 0)
        elif name == "img":
            yield from self._image(tag[3])
        elif name in self._tags:
            yield from self._close(self._tags[name]) if is_end else self._start(self._tags[name], tag[3])
        elif name not in HIDDEN_TAGS and name not in BLOCK_TAGS:
            yield Token("text", "", 0, content=tag[0])

    def _start(self, name: str, attributes: str) -> Iterator[Token]:
        names = self._open[-1]
        while names and names[-1] in IMPLIED_ENDS.get(name, ()):
            yield from self._close_until(len(names) - 1)
        attrs = self._attributes(name, attributes)
        if self._count < MAX_OPEN_TAGS and attrs is not None:
            self._count += 1
            names.append(name)
            yield Token("link_open" if name == "a" else f"{name}_open", name, 1, attrs=attrs)

    def _close(self, name: str) -> Iterator[Token]:
        if name in self._open[-1]:
            yield from self._close_until(_last_index(self._open[-1], name))

    def _close_simple_tags(self) -> Iterator[Token]:
        """Close what was opened after the last element that may contain other blocks."""
        containers = [place for place, name in enumerate(self._open[-1], 1) if name in CONTAINER_TAGS]
        yield from self._close_until(containers[-1] if containers else 0)

    def _close_until(self, start: int) -> Iterator[Token]:
        names = self._open[-1]
        while len(names) > start:
            self._count -= 1
            name = names.pop()
            yield Token("link_close" if name == "a" else f"{name}_close", name, -1)

    def _attributes(self, name: str, text: str) -> dict[str, str | int | float] | None:
        """Return the attributes that an element keeps, or None if it is left out: a link without a valid address."""
        values = _values(text)
        if name == "a":
            is_link = self._may_link and not self._has_open("a")
            url = self._valid_url(values.get("href", "")) if is_link else ""
            return {"href": url} if url else None
        rules = CELL_ATTRIBUTES if name in {"td", "th"} else {}
        return {key: values[key] for key, rule in rules.items() if rule.fullmatch(values.get(key, ""))}

    def _image(self, attributes: str) -> Iterator[Token]:
        values = _values(attributes)
        alt = Token("text", "", 0, content=values.get("alt", ""))
        if url := self._valid_url(values.get("src", "")):
            yield Token("image", "img", 0, attrs={"src": url}, children=[alt])
        else:
            yield alt

    def _valid_url(self, text: str) -> str:
        """Return the URL in the form that pages use, or an empty text if the rules for links forbid it."""
        url = self._state.md.normalizeLink(text)
        return url if self._state.md.validateLink(url) else ""


def _values(attributes: str) -> dict[str, str]:
    return {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(attributes)}


def _last_index(names: list[str], name: str) -> int:
    return len(names) - 1 - names[::-1].index(name) if name in names else -1
