"""Find version numbers that the name of a file states, to mark a file that was added to the wrong version.

The command line warns about the same names before it uploads them; a test keeps both equal. All functions here are pure
and take linear time.
"""

import re

_SEPARATORS = re.compile(r"[-_ +~()]")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_STAGE = re.compile(r"(alpha|beta|rc|dev|preview|pre|snapshot|nightly)(?:[-.]?([0-9]{1,20}))?(?![a-z])")


def contradicting_number(filename: str, number: str) -> str:
    """Return the number that the file name states if it contradicts `number`, and otherwise an empty string.

    Only numbers with as many parts as `number` count, so `tool-2.0.0-macos-14.0.zip` may be a file of 2.0.0.
    """
    release, rest = _split(number.strip().lower().partition("+")[0].removeprefix("v"))
    if len(release) < 2:
        return ""
    words = _SEPARATORS.sub("-", filename.lower()).split("-")
    candidates = [(place, *_split(word.removeprefix("v"))) for place, word in enumerate(words)]
    alike = [candidate for candidate in candidates if len(candidate[1]) == len(release)]
    stages = [
        _stage("-".join([tail, *words[place + 1 : place + 3]])) for place, parts, tail in alike if parts == release
    ]
    if not stages:
        return ".".join(alike[0][1]) if alike else ""
    if {"", _stage(rest)}.intersection(stages):
        return ""
    return f"{'.'.join(release)}-{stages[-1]}"


def _split(word: str) -> tuple[list[str], str]:
    """Return the numbers at the start of a word without leading zeros, and the text after them."""
    match = _NUMBERS.match(word)
    if match is None:
        return [], word
    return [part.lstrip("0") or "0" for part in match[0].split(".")], word[match.end() :]


def _stage(text: str) -> str:
    """Return the pre-release at the start of a text, such as `rc1`, or an empty string."""
    match = _STAGE.match(text.lstrip("-."))
    return f"{match[1]}{match[2] or ''}" if match else ""
