"""Replace raw HTML in Markdown by tokens of known tags."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

INLINE_TAGS = {
    "b": "strong", "code": "code", "del": "s", "em": "em", "i": "em", "ins": "ins", "kbd": "kbd", "s": "s",
    "samp": "samp", "strong": "strong", "sub": "sub", "sup": "sup",
}  # fmt: skip
BLOCK_TAGS = INLINE_TAGS | {"details": "details", "summary": "summary"}
HIDDEN_TAGS = {"center", "div", "font", "p", "picture", "small", "source", "span"}
MAX_OPEN_TAGS = 20
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[\s/][^<>]*)?)>")
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([a-z]+)=("[^"]*"|'[^']*'|[^\s"'=<>`]+)""", re.IGNORECASE)


class TagWriter:
    """Replace raw HTML by tokens of known tags without attributes, and show everything else as it was written.

    Tags are always closed, and only in the element that they were opened in. Otherwise the HTML parser that sanitizes
    the result would open them again in each of the following elements, and a short text could become very large.
    """

    def __init__(self, state: StateCore, tags: dict[str, str]) -> None:
        self._state = state
        self._tags = tags
        self._open: list[list[str]] = [[]]  # the open tags of raw HTML in each open element of Markdown
        self._count = 0

    def balance(self, tokens: Iterable[Token]) -> Iterator[Token]:
        for token in tokens:
            if token.type in {"html_inline", "html_block"}:
                yield from self._read(token.content)
                if token.type == "html_block":
                    yield from self._close_inline_tags()
            else:
                yield from self._follow(token)
        yield from self._close_until(0)

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
        elif name == "img":
            yield from self._image(tag[3])
        elif name in self._tags:
            yield from self._close(self._tags[name]) if is_end else self._start(self._tags[name])
        elif name not in HIDDEN_TAGS | BLOCK_TAGS.keys():
            yield Token("text", "", 0, content=tag[0])

    def _start(self, name: str) -> Iterator[Token]:
        if self._count < MAX_OPEN_TAGS:
            self._count += 1
            self._open[-1].append(name)
            yield Token(f"{name}_open", name, 1)

    def _close(self, name: str) -> Iterator[Token]:
        if name in self._open[-1]:
            yield from self._close_until(_last_index(self._open[-1], name))

    def _close_inline_tags(self) -> Iterator[Token]:
        """Close what was opened after the last `<details>`, the only element that contains other blocks."""
        yield from self._close_until(_last_index(self._open[-1], "details") + 1)

    def _close_until(self, start: int) -> Iterator[Token]:
        names = self._open[-1]
        while len(names) > start:
            self._count -= 1
            name = names.pop()
            yield Token(f"{name}_close", name, -1)

    def _image(self, attributes: str) -> Iterator[Token]:
        values = {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(attributes)}
        url = self._state.md.normalizeLink(values.get("src", ""))
        alt = Token("text", "", 0, content=values.get("alt", ""))
        if url and self._state.md.validateLink(url):
            yield Token("image", "img", 0, attrs={"src": url}, children=[alt])
        else:
            yield alt


def _last_index(names: list[str], name: str) -> int:
    return len(names) - 1 - names[::-1].index(name) if name in names else -1
