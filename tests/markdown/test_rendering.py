"""User text against the corpus: by text, by what an HTML5 parser makes of it, and by the time it takes."""

import html
import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from releasehub.markdown import rendering as markdown
from releasehub.markdown.limits import Budget, bounded_autolink
from releasehub.markdown.rendering import MAX_CHARS, render_markdown
from releasehub.markdown.tags import MAX_OPEN_TAGS
from releasehub.markdown.tokens import MAX_PICTURES, is_stored_picture
from tests.speed import takes_at_most, takes_at_most_times

pytestmark = pytest.mark.embedded

CORPUS = json.loads((Path(__file__).parents[1] / "corpora" / "xss_markdown.json").read_text())
PROFILE = CORPUS["dom_profile"]
TEXTS = [case for case in CORPUS["cases"] if case.get("markdown") is not None]
REPEATED = [case for case in CORPUS["cases"] if case.get("repeat")]
# Markdown itself produces these for alerts, folded sections and stored pictures.
KNOWN_TAGS = {*PROFILE["allowed_tags"], "details", "summary", "img"}
KNOWN_ATTRIBUTES = PROFILE["allowed_attributes"] | {"blockquote": ["class"], "img": ["src", "alt", "loading"]}
STORED = "/pictures/abc123/1280-0123456789abcdef.webp"
HTML = "{http://www.w3.org/1999/xhtml}"
ORDINARY = "* Fixed a *crash* on `import` of [files](https://example.org/a) (#12)\n"
REL = 'rel="nofollow noopener noreferrer"'
PIECES = [
    *"[]()!<>*_`~|&\\\"':#=-+ \t\n\0\ud800", "\n\n", "    ", "- ", "1. ", "> ", "|a|\n|-|\n", "```", "[a]: ",
    "javascript:", "&colon;", "&Tab;", "//x.test", "http://[", "<https://x.test>", "data:image/png;base64,", "x",
    "\u00e9", "\u2028", "<!--", "-->", "<details>", "</details>\n", "<summary>", "<b>", "</b>",
    "<a href=//x.test>", "<a href='https://x.test' title=", "</a>", "<table>", "<tr><td colspan=2>", "</table>\n",
    "<li>", "<p align=center>", "</p>", "<h2>", "<hr>", "<pre>", "<ul>", "<sub a='", "<br>",
    "<img src=", "<img src=//x.test>", STORED, "![](", "[^a]",
    "[^a]: ", "[^a]:- ", "> [!NOTE]\n", "- [ ] ", "https://x.test/", "www.",
]  # fmt: skip
COSTLY = {
    "one address, thousands of references": "[a]: /" + "u" * 33_000 + "\n\n" + "[a]" * 20_000,
    "one title, thousands of references": "[a]: /b '" + "u" * 33_000 + "'\n\n" + "[a]" * 20_000,
    "short rows under a wide head": "|a" * 200 + "\n" + "|-" * 200 + "\n" + "|\n" * 49_000,
    "many tables of short rows": ("|a" * 30 + "\n" + "|-" * 30 + "\n" + "|\n" * 100 + "\n") * 300,
    "lazy lines below deep quotes": ">" * 20 + "a\n" + "b\n" * 49_000,
    "open images": "![" * 50_000,
    "list items": "- a\n" * 25_000,
    "unclosed tags before many paragraphs": "<b><i><s><ins><sub><sup>" * 500 + "\n\na" * 20_000,
    "unclosed sections": "<details>\n\n" * 8_000,
    "unclosed labels of footnotes": "[^a]: b\n\n" + "[^" * 40_000,
    "colons after a long text": " http:// xhttp://" * 5_000,
    "closing brackets after a URL": "http://a" + ")" * 90_000,
    "unclosed comments": "<!--" * 25_000,
    "lists that interrupt a paragraph with open tags": "<p>" + "<u><b><i><s><ins>" * 3 + "<ul>x</ul>" * 9_000,
    "tables that open tags": "<table><b><tr><i>" * 5_000,
    "links without an end": "<a href=/x>a" * 8_000,
    "cells without an end": "<table>" + "<tr><td>a" * 11_000,
}


def render_again(text: str) -> str:
    markdown._render_long.cache_clear()
    markdown._render_short.cache_clear()
    return render_markdown(text)


def elements(rendered: str) -> list[Element]:
    return list(html5lib.parseFragment(rendered, container="div").iter())[1:]


def address(element: Element) -> str:
    url = element.attrib.get("href", "") + element.attrib.get("src", "")
    return "".join(char for char in html.unescape(url) if ord(char) > 0x20)


def breaches(rendered: str) -> list[str]:
    found = []
    for element in elements(rendered):
        tag = str(element.tag).removeprefix(HTML)
        if tag not in KNOWN_TAGS:
            found.append(tag)
        allowed = KNOWN_ATTRIBUTES.get(tag, []) + KNOWN_ATTRIBUTES["*"]
        found += [f"{tag} {name}" for name in element.attrib if name not in allowed]
        if urlsplit(address(element)).scheme.lower() not in PROFILE["allowed_schemes"]:
            found.append(address(element))
        if tag == "img" and not is_stored_picture(element.attrib.get("src", "")):
            found.append(str(element.attrib))
    return found


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["id"])
def test_hostile_markdown_is_sanitized(case: dict[str, Any]) -> None:
    rendered = str(render_markdown(case["markdown"]))
    assert [text for text in case["must_not_contain"] if text in rendered.lower()] == []
    assert breaches(rendered) == []


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["id"])
def test_harmless_markup_is_kept(case: dict[str, Any]) -> None:
    rendered = str(render_markdown(case["markdown"]))
    assert [text for text in case["must_contain"] if text not in rendered] == []


@pytest.mark.parametrize("case", REPEATED, ids=lambda case: case["id"])
def test_repeated_markup_is_rendered_in_linear_time(case: dict[str, Any]) -> None:
    repeat = case["repeat"]
    text = repeat["unit"] * repeat["times"] + repeat["then"]
    assert takes_at_most(case["max_seconds"], partial(render_again, text))


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_short_markdown_is_rendered_cheaply(text: str) -> None:
    """Nothing takes ten times as long as ordinary notes of that length, on however slow a machine."""
    part = (ORDINARY * MAX_CHARS)[: len(text) // 20]
    assert takes_at_most_times(10 * 20, partial(render_again, part), partial(render_again, text))
    assert len(render_markdown(text)) < 12 * len(text) + 10_000


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_text_is_rendered_within_the_profile(text: str) -> None:
    rendered = str(render_markdown(text))
    assert breaches(rendered) == []
    assert not [element for element in elements(rendered) if address(element).startswith("//")]


@pytest.mark.parametrize(
    "inner", ["- [^b]: c d", "> [^b]: c d", "d\n    [^b]: c d", "d\n\n    [^b]: c d", "1. > [^b]: c d"]
)
def test_footnote_within_a_footnote_is_ordinary_text(inner: str) -> None:
    rendered = str(render_markdown(f"A[^a] and B[^b]\n\n[^a]: {inner}\n\nC"))
    assert "<p>A<sup>[1]</sup> and B[^b]</p>" in rendered
    assert rendered.count("<hr>") == 1
    assert "<p>C</p>" in rendered.partition("<hr>")[0]
    assert "[^b]: c d" in rendered.partition("<hr>")[2]


def test_too_long_markdown_is_shown_as_plain_text() -> None:
    rendered = render_markdown("**a**\nb <c>\n\n" + "x" * MAX_CHARS)
    assert rendered.startswith("<p>**a**<br>b &lt;c&gt;</p>")
    assert rendered.endswith("x</p>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b onclick='x'>a</b>", "<p><strong>a</strong></p>\n"),
        ("<x>a</x>", "<p>&lt;x&gt;a&lt;/x&gt;</p>\n"),
        ("a<!-- b -->c\n\n<!--\nd\n\ne\n-->", "<p>ac</p>\n"),
        ("<!-- open", "&lt;!-- open"),
        ("`<!-- a -->`", "<p><code>&lt;!-- a --&gt;</code></p>\n"),
        ("See https://x.test/a.", f'<p>See <a href="https://x.test/a" {REL}>https://x.test/a</a>.</p>\n'),
        ("www.x.test", f'<p><a href="http://www.x.test" {REL}>www.x.test</a></p>\n'),
        ("a@x.test", "<p>a@x.test</p>\n"),
        ("https://" + "x" * 2001, "<p>https://" + "x" * 2001 + "</p>\n"),
        ("[https://x.test](/z)", f'<p><a href="/z" {REL}>https://x.test</a></p>\n'),
        ("- [x] a\n- [ ] b", "<ul>\n<li>\u2611 a</li>\n<li>\u2610 b</li>\n</ul>\n"),
        ("> [!TIP]\n> a", '<blockquote class="alert alert-tip">\n<p>Tip</p>\n<p>a</p>\n</blockquote>\n'),
        ("a[^1]\n\n[^1]: b", "<p>a<sup>[1]</sup></p>\n<hr>\n<ol>\n<li>\n<p>b</p>\n</li>\n</ol>\n"),
        ("<kbd>A</kbd> H<sub>2</sub>O<br>b", "<p><kbd>A</kbd> H<sub>2</sub>O<br>\nb</p>\n"),
        (
            "<details><summary>A</summary>\n\n*b*\n</details>",
            "<details><summary>A</summary>\n<p><em>b</em></p>\n</details>",
        ),
        (
            '<a href="https://x.test/y" title="z">a <b>c</b></a>',
            f'<p><a href="https://x.test/y" {REL}>a <strong>c</strong></a></p>\n',
        ),
        ("<a href='https://x.test'>https://x.test</a>", f'<p><a href="https://x.test" {REL}>https://x.test</a></p>\n'),
        ("<a href=/y>a [b](/z)</a> [c](/d)", f'<p><a href="/y" {REL}>a b</a> <a href="/d" {REL}>c</a></p>\n'),
        ("<a href=/y>a [b</a> c](/z) d", f'<p><a href="/y" {REL}>a b</a> c d</p>\n'),
        ("<a href=/y>a <a href=/z>b</a>", f'<p><a href="/y" {REL}>a b</a></p>\n'),
        ("<a href='javascript:alert(1)'>a</a> <a name=b></a>", "<p>a </p>\n"),
        ("<a href=/y>\n\nb", "\n<p>b</p>\n"),
        (
            "<p align=center>\n<a href=/y><img src='https://x.test/z' alt=a></a>\n</p>",
            f'<p>\n<a href="/y" {REL}>a</a>\n</p>',
        ),
        ("<h1 align=center>a</h1>\n<hr/>\n\n*b*", "<h1>a</h1>\n<hr>\n<p><em>b</em></p>\n"),
        (
            "<table>\n<tr><th colspan=2 onclick=x>a<tr><td rowspan=99>b<td align=right>\n\n*c*\n\n</td></tr></table>",
            '<table>\n<tbody><tr><th colspan="2">a</th></tr><tr><td>b</td><td align="right">\n<p><em>c</em></p>\n'
            "</td></tr></tbody></table>",
        ),
        ("<ul><li>a<li>b</ul>\n\nc", "<ul><li>a</li><li>b</li></ul>\n<p>c</p>\n"),
        ("<pre>\na  b\n</pre>", "<pre>a  b\n</pre>"),
        ("a <p>b</p> <hr><u>c</u> <tt>d</tt> <mark>e</mark>", "<p>a b <u>c</u> <code>d</code> e</p>\n"),
        ("- <details>\n\n- a", "<ul>\n<li>\n<details>\n</details></li>\n<li>\n<p>a</p>\n</li>\n</ul>\n"),
        ("**<sub>a**b</sub>", "<p><strong><sub>a</sub></strong>b</p>\n"),
        ("a <img alt='b' src=\"https://x.test/y\">", f'<p>a <a href="https://x.test/y" {REL}>b</a></p>\n'),
        ("<img src='javascript:alert(1)' alt=b>", "b"),
        ("<img src='//x.test/y' alt=b>", "b"),
        ("~~a~~", "<p><s>a</s></p>\n"),
        ("<https://x.test>", f'<p><a href="https://x.test" {REL}>https://x.test</a></p>\n'),
        ("[a](b/c#d 'e')", f'<p><a href="b/c#d" title="e" {REL}>a</a></p>\n'),
        ("![a *b*](https://x.test/y 'e')", f'<p><a href="https://x.test/y" title="e" {REL}>a b</a></p>\n'),
        ("![](https://x.test/y)", f'<p><a href="https://x.test/y" {REL}>https://x.test/y</a></p>\n'),
        ("[![a](https://x.test/y)](/z)", f'<p><a href="/z" {REL}>a</a></p>\n'),
        (f"![a *b*]({STORED})", f'<p><img src="{STORED}" alt="a b" loading="lazy"></p>\n'),
        (f"<img src='{STORED}' onerror='x' alt=b>", f'<img src="{STORED}" alt="b" loading="lazy">'),
        (f"[![a]({STORED})](/z)", f'<p><a href="/z" {REL}><img src="{STORED}" alt="a" loading="lazy"></a></p>\n'),
        ("![a](/account/sign-out/)", f'<p><a href="/account/sign-out/" {REL}>a</a></p>\n'),
        (f"![a]({STORED}?next=x)", f'<p><a href="{STORED}?next=x" {REL}>a</a></p>\n'),
        ("[a](//x.test)", "<p>[a](//x.test)</p>\n"),
        ("[a](\\/\\/x.test)", "<p>[a](//x.test)</p>\n"),
        ("![a](data:image/png;base64,AA)", "<p>![a](data:image/png;base64,AA)</p>\n"),
        ("```js x\na\n```", '<pre><code class="language-js">a\n</code></pre>\n'),
    ],
)
def test_markdown_renders_to_the_expected_html(text: str, expected: str) -> None:
    assert render_markdown(text) == expected


def test_a_text_shows_a_limited_number_of_pictures() -> None:
    rendered = render_markdown(f"![a]({STORED})\n\n" * (MAX_PICTURES + 2))
    assert (rendered.count("<img "), rendered.count("<a ")) == (MAX_PICTURES, 2)


@pytest.mark.parametrize(("opened", "tag"), [("<b>", "strong"), ("<details>\n\n", "details")])
def test_a_limited_number_of_tags_is_open_at_once(opened: str, tag: str) -> None:
    """The HTML parser that sanitizes the result would otherwise take quadratic time for the open elements."""
    rendered = render_markdown(opened * (MAX_OPEN_TAGS + 5) + "a")
    assert (rendered.count(f"<{tag}>"), rendered.count(f"</{tag}>")) == (MAX_OPEN_TAGS, MAX_OPEN_TAGS)
    closed = render_markdown("<b>a</b>" * (MAX_OPEN_TAGS + 5))
    assert closed.count("<strong>") == MAX_OPEN_TAGS + 5


def test_each_attempt_to_find_a_bare_url_is_counted_with_the_text_before_it() -> None:
    """The parser searches the text before each colon, so a long line of them would take quadratic time."""
    words = "**a** " + "http:" * 100
    assert render_markdown(words).startswith("<p><strong>a</strong>")
    assert render_markdown("**a** " + "http:" * 15_000).startswith("<p>**a** http:")


def test_the_rule_for_bare_urls_reads_no_further_than_the_next_space() -> None:
    read: list[str] = []

    def parse(state: StateInline, silent: bool) -> bool:
        read.append(state.src[state.pos : state.posMax])
        return False

    state = StateInline("see http://a.test and more", MarkdownIt(), {"budget": Budget()}, [])
    state.pending, state.pos, length = "see http", len("see http"), state.posMax
    assert bounded_autolink(parse)(state, False) is False
    assert (read, state.posMax) == (["://a.test"], length)
    state.src = "see http" + "://" + "a" * 5000
    state.posMax = len(state.src)
    assert (bounded_autolink(parse)(state, False), len(read)) == (False, 1)  # it is too long to be a URL


def test_columns_are_aligned_without_styles() -> None:
    rendered = render_markdown("|a|b|\n|-:|-|\n|1|2|")
    assert '<th align="right">a</th>' in rendered
    assert '<td align="right">1</td>' in rendered
    assert "<td>2</td>" in rendered


def test_generated_notes_are_shown_without_their_comment() -> None:
    """The page shows release notes that GitHub has generated as GitHub does."""
    comment = "<!-- Release notes generated using configuration in .github/release.yml at main -->"
    rendered = render_markdown(f"{comment}\n\n## What's Changed\n* Fix by @o in https://github.com/o/r/pull/1\n")
    assert rendered.strip().startswith("<h2>What's Changed</h2>")
    assert 'href="https://github.com/o/r/pull/1"' in rendered
