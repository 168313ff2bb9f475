"""Tags: the names under which source repositories know a version, such as `v1.2`, `cli/v1.2+b1` or `@scope/tool@1.2`.

Pure functions. A tag is kept exactly as it was sent; the number of the version follows from it.
"""

import re

MAX_TAG_CHARACTERS = 255
_BEFORE_NUMBER = re.compile(r"[/@]")


class InvalidTag(ValueError):
    """The text cannot be a tag. The message is for people."""


def clean_tag(text: str) -> str:
    """Return the tag, exactly as it was sent.

    Raises:
        InvalidTag: The tag is empty, too long, has characters that cannot be printed, spaces at its ends, or parts
            that programs would remove from a URL.
    """
    if not text or len(text) > MAX_TAG_CHARACTERS:
        raise InvalidTag(f"A tag has 1 to {MAX_TAG_CHARACTERS} characters, such as v1.4.0.")
    if not text.isprintable() or text != text.strip():
        raise InvalidTag("A tag has no spaces at its ends and no characters that cannot be printed.")
    if not {"", ".", ".."}.isdisjoint(text.split("/")):
        raise InvalidTag("The parts of a tag between slashes cannot be empty, . or .. because URLs cannot hold them.")
    return text


def number_of_tag(tag: str) -> str:
    """Return the version number in the tag: the part after the last `/` or `@`, without the v before a digit."""
    number = _BEFORE_NUMBER.split(tag)[-1]
    return number[1:] if re.match("[vV][0-9]", number) else number


def whole_tag_number(tag: str) -> str:
    """Return the tag as a number that differs from that of tags with another prefix: cli/v1.2 becomes cli-v1.2."""
    return _BEFORE_NUMBER.sub("-", tag).strip("-")


def tag_of_number(number: str) -> str:
    """Return the tag of a version that was created without one: 1.2 becomes v1.2."""
    return f"v{number}" if number[:1].isdigit() else number
