"""File names: which names are accepted, and which are equal. Pure functions."""

import hashlib
import re
import unicodedata
from collections.abc import Collection

from releasehub.core.errors import ErrorCode, Invalid

MAX_BYTES = 255
MAX_FOLD_CHARACTERS = 255
_JOINERS = frozenset("\u200c\u200d")
_VARIATION_SELECTORS = frozenset("\ufe0e\ufe0f")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Unicode's Default_Ignorable_Code_Point outside category Cf, then letters and symbols that are displayed as empty.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u2800\U00013441\U00013442\U00016fe4\U0001d159]"
)
_IGNORED_IN_FOLD = re.compile("[\u200c\u200d\ufe0e\ufe0f]")
_FORBIDDEN = frozenset('<>:"/\\|?*')
# Characters that look like slashes, backslashes and colons, and that NFKC does not change. Letters of living scripts
# are not included.
_LOOKALIKES = frozenset(
    "\u2041\u2044\u2215\u2571\u27cb\u29f8\u31d3\U0001d23a"
    "\u2216\u2572\u27cd\u29f5\u29f9\u31d4\U0001d20f\U0001d23b"
    "\u02f8\u2236\ua789"
)
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9]|lpt[0-9])")
_ESCAPES = re.compile(r"(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}", re.IGNORECASE)
_OVERLONG_ESCAPE = re.compile(r"%(?:c[01]|e0%[89][0-9a-f]|f0%8[0-9a-f])%", re.IGNORECASE)
_MAX_ESCAPE_LEVELS = 3
_DOUBLE = re.compile(r".\.(tar\.(?:gz|xz|bz2|zst|lz|lzma))\Z", re.IGNORECASE | re.DOTALL)


class InvalidName(Invalid):
    """The file name is not accepted. The parameter `reason` is for programs; the message tells how to fix the name."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, field="filename", code=ErrorCode.FILE_NAME_INVALID, reason=reason)


def clean_name(raw: str) -> str:
    """Return the name to store: normalized to NFC, otherwise as given, at most 255 bytes of UTF-8.

    An invalid name is rejected instead of repaired, and a path is not reduced to its last segment.

    Raises:
        InvalidName: The reason is `file.name_` with `empty`, `too_long`, `path`, `characters`, `ends`, `encoded` or
            `reserved`.

    Source: Microsoft, "Naming Files, Paths, and Namespaces"; RFC 8264 section 9 for the characters.
    """
    # NFC combines at most four code points into one, so a name that is cut here is still too long after NFC. The cut
    # bounds the time that a very long name takes.
    name = unicodedata.normalize("NFC", raw[: 4 * MAX_BYTES + 1])
    if not name.strip():
        raise InvalidName("file.name_empty", "The file name is empty. Enter a file name.")
    if len(name.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidName(
            "file.name_too_long", f"The file name is longer than {MAX_BYTES} bytes in UTF-8. Choose a shorter name."
        )
    _check_characters(name)
    _check_ends(name)
    _check_escapes(name)
    _check_device(name)
    return name


def fold_name(name: str) -> str:
    """Return the folded name. Two names with the same fold count as one file.

    The fold ignores case, composition and compatibility forms, as some file systems do. It has at most 255 characters:
    NFKC can turn a name of 255 bytes into 1,530 characters, so a longer fold is cut and ends with its SHA-256.
    Source: Unicode Standard, section 3.13, toNFKC_Casefold.
    """
    folded = _IGNORED_IN_FOLD.sub("", unicodedata.normalize("NFD", name))
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", folded.casefold())
    if len(folded) <= MAX_FOLD_CHARACTERS:
        return folded
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{folded[: MAX_FOLD_CHARACTERS - len(digest) - 1]}~{digest}"


def extension(name: str) -> str:
    """Return the extension in lower case without the dot, `tar.gz` as one, or an empty string.

    A full-width dot counts as a dot.
    """
    compatible = unicodedata.normalize("NFKC", name)
    if double := _DOUBLE.search(compatible):
        return double[1].lower()
    stem, dot, last = compatible.rpartition(".")
    return last.lower() if dot and stem else ""


def _check_characters(name: str, *, forbidden: Collection[str] = _FORBIDDEN) -> None:
    for index, char in enumerate(name):
        if _is_hidden(char) and not _is_needed_by_neighbors(name, index):
            raise InvalidName(
                "file.name_characters",
                f"The file name contains the character U+{ord(char):04X}. Remove control characters and "
                "invisible characters.",
            )
        # Windows maps full-width characters to ASCII ("best fit"), so they are treated like their NFKC form.
        found = {part for part in unicodedata.normalize("NFKC", char) if part in forbidden}
        if found & {"/", "\\"} or char in _LOOKALIKES:
            raise InvalidName(
                "file.name_path",
                f"The file name contains {char}. Enter only the name of the file, without folders, drives or "
                "characters that look like a slash.",
            )
        if found:
            raise InvalidName(
                "file.name_characters",
                f'The file name contains {char}. Remove < > : " | ? * and their full-width forms.',
            )


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _REFUSED_CATEGORIES or _INVISIBLE.match(char) is not None


def _is_needed_by_neighbors(name: str, index: int) -> bool:
    """Return whether a joiner or selector changes how its neighbors are displayed.

    Source: RFC 5892 appendix A.1, A.2; UTS #51.
    """
    head, char, after = name[:index], name[index], name[index + 1 : index + 2]
    # Before a joiner, a pictogram may be followed by the selector that asks for its colored form.
    before = (head.rstrip("\ufe0f") if char == "\u200d" else head)[-1:]
    if not before:
        return False
    if char in _VARIATION_SELECTORS:
        return _is_pictogram(before) or after == "\u20e3"
    if char not in _JOINERS or not after:
        return False
    if unicodedata.combining(before) == 9:  # virama: asks for, or prevents, a conjunct of Indic letters
        return True
    if char == "\u200d":
        return _is_pictogram(before) and _is_pictogram(after)
    return {unicodedata.bidirectional(before), unicodedata.bidirectional(after)} == {"AL"}


def _is_pictogram(char: str) -> bool:
    """Return whether the character is an emoji, a skin tone, or one of the arrows used in emoji sequences."""
    return char > "\x7f" and unicodedata.category(char) in {"So", "Sk", "Sm"}


def _check_ends(name: str) -> None:
    if name != name.strip() or unicodedata.normalize("NFKC", name).endswith("."):
        raise InvalidName(
            "file.name_ends",
            "The file name starts or ends with a space, or ends with a dot. Remove these characters.",
        )


def _check_escapes(name: str) -> None:
    """Reject a name that turns into a path, or into hidden characters, when a client percent-decodes it repeatedly.

    All other escapes, such as %3a, are kept as they are.
    """
    text = unicodedata.normalize("NFKC", name)
    for _ in range(_MAX_ESCAPE_LEVELS):
        decoded = unicodedata.normalize("NFKC", _ESCAPES.sub(_unescape, text))
        if decoded == text:
            return
        if _OVERLONG_ESCAPE.search(text) or not decoded.strip(" .") or _is_path_or_hidden(decoded):
            break
        text = decoded
    raise InvalidName(
        "file.name_encoded",
        "The file name contains percent-encoded characters that stand for folders or control characters, or are "
        "encoded several times. Enter the name in decoded form.",
    )


def _is_path_or_hidden(name: str) -> bool:
    try:
        _check_characters(name, forbidden="/\\")
    except InvalidName:
        return True
    return False


def _unescape(escapes: re.Match[str]) -> str:
    """Decode an escape such as `%2e%2e` or `%u002e`. Bytes that are not UTF-8 become U+FFFD."""
    digits = escapes[0].replace("%", "")
    if digits[0] in "uU":
        return chr(int(digits[1:], 16))
    return bytes.fromhex(digits).decode("utf-8", "replace")


def _check_device(name: str) -> None:
    if is_device(name):
        raise InvalidName("file.name_reserved", f"The file name {name} is reserved on Windows. Choose another name.")


def is_device(name: str) -> bool:
    """Return whether Windows reserves the name, as it does for CON, aux.tar.gz and COM\u00b9.

    Windows only compares the part before the first dot.
    """
    stem = unicodedata.normalize("NFKC", name).split(".")[0].rstrip()
    return _DEVICES.fullmatch(stem.casefold()) is not None
