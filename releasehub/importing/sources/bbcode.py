"""Turn the BB code of XenForo into Markdown, as far as release notes use it. Unknown tags stay as text."""

import re

MAX_CHARACTERS = 200_000
# A value ends at the next bracket. Otherwise each of many unfinished tags would read up to 1,000 characters.
_TAG = re.compile(r"\[(?P<end>/)?(?P<name>[A-Za-z*]{1,12})(?:=(?P<value>[^\[\]\n]{0,1000}))?\]")
_MARKS = {"b": "**", "i": "*", "s": "~~", "icode": "`"}
_DROPPED = frozenset({"u", "size", "font", "color", "left", "center", "right", "indent", "spoiler", "list", "quote"})
_HEADINGS = {"1": "## ", "2": "### ", "3": "#### "}


def to_markdown(text: str) -> str:
    """Return the text in Markdown. The work is proportional to its length."""
    parts: list[str] = []
    position = 0
    urls: list[str] = []
    source = text[:MAX_CHARACTERS].replace("\r\n", "\n")
    is_code = False
    for match in _TAG.finditer(source):
        if match["name"].lower() == "code":
            is_code = not match["end"]
        elif is_code:
            continue
        parts += [source[position : match.start()], _replacement(match, urls)]
        position = match.end()
    parts.append(source[position:])
    return "".join(parts).strip()


def _replacement(match: re.Match[str], urls: list[str]) -> str:
    """Return the Markdown of one tag. `urls` has those of the links that are open."""
    name, is_end, value = match["name"].lower(), bool(match["end"]), (match["value"] or "").strip("'\"")
    if name in _MARKS:
        return _MARKS[name]
    if name == "code":
        return "\n```\n"
    if name == "*":
        return "- "
    if name == "heading":
        return "\n" if is_end else f"\n{_HEADINGS.get(value, '## ')}"
    if name == "img":
        return ")" if is_end else "![]("
    if name == "url":
        return _link(urls, value, is_end=is_end)
    return "" if name in _DROPPED else match[0]


def _link(urls: list[str], url: str, *, is_end: bool) -> str:
    if not is_end:
        urls.append(url)
        return "[" if url else "<"
    if not urls:
        return ""
    opened = urls.pop()
    return f"]({opened})" if opened else ">"
