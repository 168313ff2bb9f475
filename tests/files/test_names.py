"""File names: the corpus, the classes behind its cases, and what holds for any text at all."""

import json
import re
import unicodedata
from email.message import EmailMessage
from email.policy import HTTP
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.content_disposition import content_disposition
from files.names import InvalidName, clean_name, extension, fold_name

pytestmark = pytest.mark.embedded

CORPUS = json.loads((Path(__file__).parents[1] / "corpora" / "bad_filenames.json").read_text())
CASES = CORPUS["cases"]

PARAMETER = re.compile(r';\s*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
JOINERS = set("\u200c\u200d\ufe0e\ufe0f")
ODD = (
    "%2fuE0 *:/\\.\"'\ud800\u202e\u2025\uff0e\uff05\uff0f\u3000\u0130\u017f\ufb01\ufdfa\u0301\u0345"
    "\u200d\u200c\ufe0f\u20e3\U0001f469\U0001f4bb\u094d\u0915"
)
NAMES = st.text(st.characters() | st.sampled_from(ODD), max_size=300)


def refusal(name: str) -> str:
    """The code it is refused with; empty for a name that is accepted."""
    try:
        clean_name(name)
    except InvalidName as error:
        return str(error.params["reason"])
    return ""


def name_in(header: str) -> str:
    """As RFC 6266 has it: `filename*` goes before `filename`."""
    assert re.fullmatch(r"[ -~]+", header), header
    kind, rest = re.split(r"(?=;)", header, maxsplit=1)
    assert kind == "attachment"
    assert PARAMETER.sub("", rest) == ""
    values = {key: quoted or token for key, quoted, token in PARAMETER.findall(rest)}
    if "filename*" in values:
        charset, _, encoded = values["filename*"].split("'")
        return unquote(encoded, encoding=charset, errors="strict")
    return re.sub(r"\\(.)", r"\1", values["filename"])


def is_expected(case: dict[str, Any]) -> bool:
    """Two policy cases hold an asterisk, which the certain cases of Windows forbid."""
    accepts = case["expect"] == "accept" and (case["certain"] or "*" not in case["name"])
    return accepts == (refusal(case["name"]) == "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_names_are_accepted_as_the_corpus_says(case: dict[str, Any]) -> None:
    assert is_expected(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_content_disposition_is_one_line_and_round_trips(case: dict[str, Any]) -> None:
    if not refusal(case["name"]):
        name = clean_name(case["name"])
        assert name_in(content_disposition(name)) == name


@pytest.mark.parametrize("pair", CORPUS["pairs"], ids=lambda pair: pair["id"])
def test_equal_names_have_one_folded_name(pair: dict[str, Any]) -> None:
    assert (fold_name(pair["first"]) == fold_name(pair["second"])) is pair["same_file_name"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("\u00a0", "file.name_empty"),
        ("\u00e9" * 128, "file.name_too_long"),
        ("a" * 1_000_000, "file.name_too_long"),
        ("a\u29f5b.zip", "file.name_path"),
        ("\u2100.zip", "file.name_path"),
        ("a\uff1fb.zip", "file.name_characters"),
        ("a.zip\u2009", "file.name_ends"),
        ("\u00a0a.zip", "file.name_ends"),
        ("con\u00a0.txt", "file.name_reserved"),
        ("a\U000e0100.zip", "file.name_characters"),
        ("set\u200dup.exe", "file.name_characters"),
        ("set\u200cup.exe", "file.name_characters"),
        ("setup\ufe0f.exe", "file.name_characters"),
        ("\U0001f469\u200d.zip", "file.name_characters"),
        ("a\U0001fffe.zip", "file.name_characters"),
        ("a\uff0e", "file.name_ends"),
        ("notes\u2026", "file.name_ends"),
        ("%2e%2E", "file.name_encoded"),
        ("%2E%2e%2Fevil.zip", "file.name_encoded"),
        ("%u002e%u002e%u005cevil.zip", "file.name_encoded"),
        ("%25252525", "file.name_encoded"),
        ("..%e0%80%afevil.zip", "file.name_encoded"),
        ("%e2%88%95.zip", "file.name_encoded"),
        ("a%e2%80%aeb.zip", "file.name_encoded"),
        ("a%253a%252fb.zip", "file.name_encoded"),
        ("\uff052f.zip", "file.name_encoded"),
        ("com\u00b9.txt", "file.name_reserved"),
        ("\uff23\uff2f\uff2e", "file.name_reserved"),
        ("con\uff0etxt", "file.name_reserved"),
        ("CONIN$", "file.name_reserved"),
        ("nul .txt", "file.name_reserved"),
    ],
)
def test_names_of_each_hostile_class_are_rejected(name: str, code: str) -> None:
    assert refusal(name) == code


@pytest.mark.parametrize(
    "name",
    [
        "\u00e9" * 127,
        "e\u0301" * 127,
        "100%.zip",
        "10%faster.zip",
        "a%20b.zip",
        "backup-2026-01-01T10%3a30.zip",
        "what%3F%22%2a%3c%7c.zip",
        "a%253ab.zip",
        "J%e4ger.zip",
        "Logo\u2009v1.bin",
        "Setup\u00a01.0\u202fMiB\u3000.bin",
        "a\u2000b.zip",
        "a\u2026b.zip",
        "..a.zip",
        "1\ufe0f\u20e3.zip",
        "\u2764\ufe0f.zip",
        "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f469.zip",
        "\U0001f642\u200d\u2194\ufe0f.zip",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.zip",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3.zip",
    ],
)
def test_unusual_names_are_accepted_and_stored_as_given(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@given(NAMES)
def test_any_name_is_either_accepted_or_rejected(text: str) -> None:
    if not refusal(text):
        name = clean_name(text)
        assert clean_name(name) == name
        assert all(char.isprintable() or char in JOINERS or unicodedata.category(char) == "Zs" for char in name)
        assert not set(unicodedata.normalize("NFKC", name)) & set('/\\:*?"<>|')
        assert len(name.encode()) <= 255
        assert name_in(content_disposition(name)) == name


@given(NAMES)
def test_content_disposition_of_any_text_is_one_line(text: str) -> None:
    header = content_disposition(text)
    assert name_in(header) == text.encode(errors="replace").decode()
    message = EmailMessage(policy=HTTP)
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("name", "fallback"),
    [
        ("\u00fcber.dmg", "uber.dmg"),
        ("\u65e5\u672c\u8a9e.zip", "___.zip"),
        ("n\u00fcl.txt", "_nul.txt"),
        ("%41.zip", "_41.zip"),
        ("\u0301", "download"),
        ("a\ud800.zip", "a_.zip"),
        ("a\u2009b\u00a0c.zip", "a b c.zip"),
    ],
)
def test_content_disposition_has_an_ascii_fallback(name: str, fallback: str) -> None:
    assert content_disposition(name).startswith(f'attachment; filename="{fallback}"; filename*=')


def test_ascii_name_has_no_extended_filename_parameter() -> None:
    assert content_disposition("a b[1], 'c'.zip") == "attachment; filename=\"a b[1], 'c'.zip\""


@given(NAMES)
def test_folded_name_is_short_stable_and_normalized(text: str) -> None:
    folded = fold_name(text)
    assert len(folded) <= 255
    assert fold_name(folded) == folded
    assert fold_name(unicodedata.normalize("NFD", text)) == folded
    assert fold_name(re.sub("[a-z]", lambda char: char[0].upper(), text)) == folded


def test_long_names_have_distinct_folded_names() -> None:
    longest, other = "\ufdfa" * 85, "\ufdfa" * 84 + "a"
    assert fold_name(longest) != fold_name(other)
    assert len(fold_name(longest)) == 255


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("\u2764\ufe0f.zip", "\u2764.zip"),
        ("a\u2009b\u00a0c.zip", "a b c.zip"),
        ("stra\u00dfe.zip", "STRASSE.zip"),
        ("setup\uff0eexe", "setup.exe"),
    ],
)
def test_confusable_names_count_as_the_same_file(first: str, second: str) -> None:
    assert fold_name(first) == fold_name(second)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.ZIP", "zip"),
        ("a.tar.gz", "tar.gz"),
        ("a-1.2.TAR.XZ", "tar.xz"),
        ("a.tar.bz2", "tar.bz2"),
        ("a.tar.zst", "tar.zst"),
        ("a.b.exe", "exe"),
        ("tar.gz", "gz"),
        (".env", ""),
        ("README", ""),
        ("setup\uff0eEXE", "exe"),
        ("", ""),
    ],
)
def test_extension_is_read_from_the_name(name: str, expected: str) -> None:
    assert extension(name) == expected
