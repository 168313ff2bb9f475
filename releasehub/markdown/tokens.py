"""Adapt parsed Markdown to the pages: no images of others, no identifiers, and a few harmless tags of raw HTML."""

import re
from collections.abc import Callable, Iterable, Iterator

from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from releasehub.markdown.tags import BLOCK_TAGS, INLINE_TAGS, TagWriter

ALERTS = {"caution", "important", "note", "tip", "warning"}

MAX_PICTURES = 50
_PICTURE = re.compile(r"/pictures/[a-z0-9]{1,24}/[0-9]{1,5}-[0-9a-f]{16}\.webp")
_renderer = RendererHTML()


def adapt_tokens(state: StateCore) -> None:
    """Rewrite the tokens of a whole text. This is the last rule of the parser."""
    blocks = TagWriter(state, BLOCK_TAGS).balance(_plain_blocks(state.tokens))
    state.tokens = list(_without_images(state, blocks))
    for token in state.tokens:
        if token.children:
            token.children = list(_without_images(state, TagWriter(state, INLINE_TAGS).balance(token.children)))
        # The content security policy of the site forbids inline styles.
        if style := str(token.attrs.pop("style", "")):
            token.attrs["align"] = style.removeprefix("text-align:")


def _plain_blocks(tokens: list[Token]) -> Iterator[Token]:
    """Replace task boxes, alerts and footnotes by ordinary blocks without identifiers, which belong to the page."""
    box = ""
    for token in tokens:
        if token.type == "list_item_open" and "checked" in token.meta:
            box = "\u2611 " if token.meta.pop("checked") else "\u2610 "
        elif token.type == "alert_open":
            token.tag, token.attrs = "blockquote", {"class": f"alert alert-{str(token.meta['kind']).lower()}"}
        elif token.type == "alert_close":
            token.tag = "blockquote"
        elif token.type == "inline" and token.children is not None:
            token.children = list(_footnote_marks(token.children))
            if box:
                token.children.insert(0, Token("text", "", 0, content=box))
                box = ""
        yield from _FOOTNOTES[token.type]() if token.type in _FOOTNOTES else [token]


def _footnote_marks(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "footnote_ref":
            yield Token("sup_open", "sup", 1)
            yield Token("text", "", 0, content=f"[{token.meta['id'] + 1}]")
            yield Token("sup_close", "sup", -1)
        else:
            yield token


_FOOTNOTES: dict[str, Callable[[], list[Token]]] = {
    "footnote_block_open": lambda: [
        Token("hr", "hr", 0, block=True),
        Token("ordered_list_open", "ol", 1, block=True),
    ],
    "footnote_block_close": lambda: [Token("ordered_list_close", "ol", -1, block=True)],
    "footnote_open": lambda: [Token("list_item_open", "li", 1, block=True)],
    "footnote_close": lambda: [Token("list_item_close", "li", -1, block=True)],
    "footnote_anchor": list,
}


def _without_images(state: StateCore, tokens: Iterable[Token]) -> Iterator[Token]:
    """Replace images with links, apart from a limited number of stored pictures.

    A remote image would reveal the readers of the page to its host. One with another path of this site would send
    requests there with the reader's session.
    """
    in_link = False
    for token in tokens:
        in_link = token.type == "link_open" or (in_link and token.type != "link_close")
        if token.type != "image":
            yield token
        elif is_stored_picture(str(token.attrs["src"])) and _takes_place(state):
            token.attrs = {"src": token.attrs["src"], "alt": "", "loading": "lazy"}
            yield token
        elif in_link:
            yield _alternative(state, token)
        else:
            attrs = {name: value for name, value in token.attrs.items() if name == "title"}
            yield Token("link_open", "a", 1, attrs={"href": token.attrs["src"], **attrs})
            yield _alternative(state, token)
            yield Token("link_close", "a", -1)


def is_stored_picture(url: str) -> bool:
    """Return whether the URL is the path of a picture that the hub has encoded."""
    return bool(_PICTURE.fullmatch(url))


def _takes_place(state: StateCore) -> bool:
    """Count one more picture of the text, and return whether it may be shown."""
    state.env["pictures"] = state.env.get("pictures", 0) + 1
    return bool(state.env["pictures"] <= MAX_PICTURES)


def _alternative(state: StateCore, image: Token) -> Token:
    alt = _renderer.renderInlineAsText(image.children or [], state.md.options, state.env)
    return Token("text", "", 0, content=alt.strip() or str(image.attrs["src"]))
