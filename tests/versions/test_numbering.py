"""Version strings against the corpus, and against independent libraries."""

import json
from pathlib import Path
from typing import Any

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version as PackagingVersion

from tests.speed import takes_at_most
from versions.channels import channel_of_prerelease
from versions.numbering import InvalidNumber, ceiling, parse
from versions.schemes import MAX_NUMBER_CHARACTERS, Scheme, accepts, detect

pytestmark = pytest.mark.embedded

CORPUS = json.loads((Path(__file__).parents[1] / "corpora" / "bad_versions.json").read_text())
RULE_SETS = ("dotted", "calver", "semver")
VERDICTS = [(case, name) for case in CORPUS["cases"] for name in RULE_SETS if name not in case["uncertain"]]

parts = st.integers(0, 999)
dotted = st.lists(parts, min_size=2, max_size=4).map(lambda numbers: ".".join(map(str, numbers)))
identifiers = st.one_of(st.integers(0, 10**6).map(str), st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,6}", fullmatch=True))
prereleases = st.one_of(st.just(""), st.lists(identifiers, min_size=1, max_size=4).map(lambda ids: "-" + ".".join(ids)))
semvers = st.builds(lambda a, b, c, pre: f"{a}.{b}.{c}{pre}", parts, parts, parts, prereleases)


@pytest.mark.parametrize(
    ("case", "rule_set"), VERDICTS, ids=lambda value: value if isinstance(value, str) else value["id"]
)
def test_rule_sets_accept_exactly_what_the_corpus_says(case: dict[str, Any], rule_set: str) -> None:
    assert accepts(case["value"], Scheme(rule_set)) is case[rule_set]


@pytest.mark.parametrize("pair", CORPUS["ordering"], ids=lambda pair: pair["id"])
def test_order_matches_the_corpus(pair: dict[str, Any]) -> None:
    first, second = (parse(pair[name], Scheme(pair["rule_set"])).sort_key for name in "ab")
    assert (first < second) is (pair["relation"] == "lt")
    assert (first == second) is (pair["relation"] == "eq")


@given(semvers, semvers)
def test_semver_order_matches_the_semver_library(first: str, second: str) -> None:
    ours = [parse(text, Scheme.SEMVER).sort_key for text in (first, second)]
    theirs = [semver.Version.parse(text) for text in (first, second)]
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


@given(dotted, dotted)
def test_dotted_order_matches_packaging(first: str, second: str) -> None:
    ours = [parse(text, Scheme.DOTTED).sort_key for text in (first, second)]
    theirs = [PackagingVersion(text) for text in (first, second)]
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


@given(st.one_of(dotted, semvers), st.one_of(dotted, semvers))
def test_version_int_never_falls_along_the_order(first: str, second: str) -> None:
    lower, upper = sorted((parse(first), parse(second)), key=lambda number: number.sort_key)
    assert lower.version_int <= upper.version_int


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[0-9A-Za-z.+~!_-]{1,140}", fullmatch=True)))
def test_any_number_is_either_parsed_or_rejected(text: str) -> None:
    try:
        number = parse(text)
    except InvalidNumber:
        return
    assert 0 <= number.version_int < 2**63
    assert len(number.sort_key) <= 300


@pytest.mark.parametrize("case", [c for c in CORPUS["cases"] if c["class"] in {"whitespace", "unicode_digits"}])
def test_spaces_and_non_ascii_digits_are_rejected_under_every_scheme(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidNumber):
        parse(case["value"])


@pytest.mark.parametrize(
    "text", ["latest", "latest-1.x", "channel", "a/b", "..", ".", "1.0\udc80", "x" * (MAX_NUMBER_CHARACTERS + 1)]
)
def test_numbers_that_cannot_be_in_a_url_are_rejected(text: str) -> None:
    with pytest.raises(InvalidNumber):
        parse(text)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("2024.11.20-190418", "calver"), ("1.4.0", "semver"), ("1.4", "dotted"), ("1.0rc1", "other"), ("v2", "other")],
)
def test_scheme_is_detected_from_the_form(text: str, scheme: str) -> None:
    assert detect(text) == scheme


@pytest.mark.parametrize(
    ("lower", "upper"), [("v1.2", "v1.10"), ("1.0rc1", "1.0"), ("release-7", "release-11"), ("nightly", "v0.1")]
)
def test_free_numbers_order_by_their_numbers(lower: str, upper: str) -> None:
    assert parse(lower).sort_key < parse(upper).sort_key


@pytest.mark.parametrize("same", [("1.0", "1.0.0"), ("v1.0", "1.0"), ("1.0.0+a", "1.0.0+b")])
def test_equal_numbers_have_one_sort_key(same: tuple[str, str]) -> None:
    assert parse(same[0]).sort_key == parse(same[1]).sort_key


def test_version_int_matches_the_contract() -> None:
    assert parse("1.4.0").version_int == 1004000000
    assert parse("1.4.0-rc.1").version_int == 1003999999
    assert parse("1.2.3.4").version_int == 1002003004


def test_hostile_lengths_take_no_time() -> None:
    def parse_all() -> None:
        for unit in ("1.", "a-", "0", "1.0.0-" + "a."):
            with pytest.raises(InvalidNumber):
                parse(unit * 500_000)

    assert takes_at_most(0.2, parse_all)


EPOCHS = st.sampled_from(["", "0!", "1!", "2!"])
numbers = st.integers(0, 12).map(str)
pep440s = st.builds(
    lambda epoch, release, pre, post, dev, local: f"{epoch}{release}{pre}{post}{dev}{local}",
    EPOCHS,
    st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
    st.one_of(
        st.just(""), st.builds(lambda word, n: f"{word}{n}", st.sampled_from(["a", "b", "rc", "-alpha."]), numbers)
    ),
    st.one_of(st.just(""), numbers.map(".post{}".format), numbers.map("-{}".format)),
    st.one_of(st.just(""), numbers.map(".dev{}".format)),
    st.one_of(st.just(""), st.sampled_from(["+1", "+2", "+10", "+ubuntu.1", "+ubuntu", "+a.b", "+1.a"])),
)


@given(pep440s, pep440s)
def test_pep440_order_matches_packaging(first: str, second: str) -> None:
    ours = [parse(text, Scheme.PEP440) for text in (first, second)]
    theirs = [PackagingVersion(text) for text in (first, second)]
    keys = [number.sort_key for number in ours]
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])
    lower, upper = sorted(ours, key=lambda number: number.sort_key)
    assert lower.version_int <= upper.version_int
    assert [number.is_prerelease for number in ours] == [version.is_prerelease for version in theirs]


def test_pep440_order_of_one_release() -> None:
    texts = (
        "1.0.dev1 1.0a1.dev2 1.0a1 1.0a1.post1.dev1 1.0a1.post1 1.0b2 1.0rc1 1.0 1.0+abc 1.0+1 1.0.post1.dev3 1.0.post1"
    )
    keys = [parse(text, Scheme.PEP440).sort_key for text in [*texts.split(), "1.0.1.dev0", "9999.0", "1!0.1"]]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("text", [" 1.0", "1.0\n", "1.0-x-y", "1.0ſ", "1.०", "", "abc", "1." * 80 + "1"])
def test_invalid_python_version_is_rejected(text: str) -> None:
    with pytest.raises(InvalidNumber):
        parse(text, Scheme.PEP440)


def test_builds_are_ordered_by_number() -> None:
    texts = "1.0.0-ea+3 1.0.0-ea+12 1.0.0 1.0.0+1 1.0.0+2 1.0.0+10 1.0.0+10-LTS 1.0.1-rc.1+1 1.0.1 17+35 21.0.1+12"
    keys = [parse(text, Scheme.BUILD).sort_key for text in texts.split()]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("installed", "newest", "scheme", "is_update"),
    [
        ("1.0.0+1", "1.0.0+2", "build", True),
        ("1.0.0+2", "1.0.0+2", "build", False),
        ("v1.0.0+1", "1.0.0+2", "build", True),
        ("1.0.0", "1.0.0+2", "build", False),
        ("1.0.0+1", "1.0.0+2", "semver", False),
        ("1.4.0", "1.4.0.post1", "pep440", True),
        ("1.4", "1.4.9", "pep440", False),
        ("1.4", "1.5rc1", "pep440", True),
        ("2.0", "1!1.0", "pep440", True),
        ("1!1.0", "2.0", "pep440", False),
        ("v1.4.0", "1.4.1", "semver", True),
    ],
)
def test_an_update_is_newer_under_the_scheme_of_the_download(
    installed: str, newest: str, scheme: str, is_update: bool
) -> None:
    assert (parse(newest, Scheme(scheme)).sort_key >= ceiling(installed, scheme)) is is_update


@pytest.mark.parametrize("scheme", [None, *Scheme])
@pytest.mark.parametrize("text", ["9" * 5000, "1." * 2500 + "0", "1.0.0+" + "9" * 5000, "1.0.0-" + "9" * 5000])
def test_five_thousand_digits_are_refused(text: str, scheme: Scheme | None) -> None:
    with pytest.raises(InvalidNumber):
        ceiling(text, scheme)


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("2.0.0-rc.1", "rc"),
        ("2.0.0-rc1", "rc"),
        ("2.0.0-beta", "beta"),
        ("2.0.0-b.3", "beta"),
        ("2.0.0-preview.4", "beta"),
        ("2.0.0-alpha.beta", "alpha"),
        ("2.0rc1", "rc"),
        ("2.0b2", "beta"),
        ("v2.0a1", "alpha"),
        ("2.0.0-SNAPSHOT", "dev"),
        ("2.0.0-nightly.20260101", "dev"),
        ("2.0.0-rc.1.dev.7", "dev"),
        ("2.0.0-rc.1.g1a2b3c", "rc"),
        ("2.0.0-rc.1-final", "rc"),
        ("2.0.0-1", "dev"),
        ("2.0.0-x.7", "dev"),
    ],
)
def test_a_prerelease_names_its_channel(text: str, channel: str) -> None:
    assert channel_of_prerelease(parse(text).prerelease) == channel


@pytest.mark.parametrize("text", ["4.2.2-stable", "5.0.0-Final", "1.9.0-release", "3.1.4-ga", "22.4.0-lts"])
def test_a_number_that_says_it_is_a_release_is_no_prerelease(text: str) -> None:
    assert not parse(text).is_prerelease
    assert channel_of_prerelease(text.partition("-")[2]) == "stable"


@pytest.mark.parametrize(("text", "channel"), [("2.0rc1", "rc"), ("2.0.dev1", "dev"), ("2.0a1.post1", "alpha")])
def test_a_python_prerelease_names_its_channel(text: str, channel: str) -> None:
    assert channel_of_prerelease(parse(text, Scheme.PEP440).prerelease) == channel
