"""Environment variables: what they are read as, and what a start with invalid ones says."""

import os
import subprocess
import sys
from ast import literal_eval
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from environs import EnvValidationError, ValidationError

from releasehub.server.checks import check_public_url, check_renamed_variables
from releasehub.settings.declarations import HIDDEN, Declaration
from releasehub.settings.environment import Environment, env, explain, fallback_url
from releasehub.settings.parsers import parse_link, parse_networks, parse_public_url, stored_secret_key

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent.parent
INVALID = {
    "DEBUG": "maybe",
    "RELEASEHUB_WEB_THREADS": "0",
    "RELEASEHUB_TRUSTED_PROXIES": "10.0.0.1/99",
    "AWS_S3_ADDRESSING_STYLE": "host",
}
STARTS = {
    "check": ["manage.py", "check"],
    "web server": ["-c", "import releasehub.server.application"],
    "worker": ["-m", "celery", "-A", "releasehub.server", "worker"],
}
WATCHED_START = """
import gc, releasehub.settings
is_enabled = [gc.isenabled()]
import django
django.setup()
is_enabled.append(gc.isenabled())
from django.core.checks import register
register(lambda **_: is_enabled.append(gc.isenabled()) or [])
import releasehub.server.application
print(*is_enabled, gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects()))
"""


def run(arguments: list[str], data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"RELEASEHUB_DATA_DIR": str(data), **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def fresh() -> Environment:
    return Environment(eager=False)


def problems(fresh: Environment) -> dict[str, list[str]]:
    with pytest.raises(EnvValidationError) as caught:
        fresh.seal()
    return dict(caught.value.error_messages)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", STARTS)
def test_all_invalid_variables_are_listed_in_one_message(start: str, tmp_path: Path) -> None:
    result = run(STARTS[start], tmp_path, **INVALID)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "ReleaseHub cannot start, because environment variables are invalid:",
        "- RELEASEHUB_WEB_THREADS is '0'. Set it to a whole number that is at least 1.",
        "- RELEASEHUB_TRUSTED_PROXIES is '10.0.0.1/99'. The network is invalid: '10.0.0.1/99' does not appear to be an "
        "IPv4 or IPv6 network. Write it like 10.1.0.0/16.",
        "- AWS_S3_ADDRESSING_STYLE is 'host'. Set it to one of: auto, path, virtual.",
        "- DEBUG is 'maybe'. Set it to 1 or 0.",
    ]


def test_values_that_depend_on_each_other_are_checked_and_secrets_are_not_repeated(tmp_path: Path) -> None:
    given = {"EMAIL_USE_SSL": "1", "EMAIL_USE_TLS": "1", "RELEASEHUB_STORAGE": "s3"}
    result = run(STARTS["check"], tmp_path, **given, SECRET_KEY="too-short", DATABASE_URL="nosql://user:hunter2@host/a")
    assert result.returncode == 1
    assert "- EMAIL_USE_TLS is '1'. EMAIL_USE_SSL is set too" in result.stderr
    assert "- AWS_STORAGE_BUCKET_NAME is not set. Set it to the name of the bucket" in result.stderr
    assert "- SECRET_KEY is invalid. Set it to a random value of at least 32 characters" in result.stderr
    assert "- DATABASE_URL is invalid. Set it to a URL such as" in result.stderr
    assert "too-short" not in result.stderr
    assert "hunter2" not in result.stderr


def test_unusable_data_directory_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValidationError, match=r"The data directory cannot be used: .* make run RELEASEHUB_DATA_DIR="):
        stored_secret_key(str(tmp_path / "file" / "data"))


def test_the_secret_key_is_stored_for_the_next_start(tmp_path: Path) -> None:
    first = stored_secret_key(str(tmp_path / "data"))
    assert len(first) >= 32
    assert stored_secret_key(str(tmp_path / "data")) == first
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_start_that_is_killed_leaves_no_empty_secret_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("secrets.token_urlsafe", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            stored_secret_key(str(tmp_path))
    assert len(stored_secret_key(str(tmp_path))) >= 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_processes_that_start_at_the_same_time_have_the_same_secret_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(stored_secret_key, [str(tmp_path)] * 64)}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_secret_key_is_reported(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(ValidationError, match=r"secret_key is empty\. Put the key of this hub back\."):
        stored_secret_key(str(tmp_path))


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_has_its_default(fresh: Environment, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("X", value)
    assert (fresh.text("X", "a", help=""), fresh.number("X", 7, help=""), fresh.flag("X", default=True, help="")) == (
        "a",
        7,
        True,
    )
    assert fresh.items("X", "a,b", help="") == ["a", "b"]
    fresh.seal()


def test_spaces_around_values_and_entries_do_not_matter(fresh: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " 12 ")
    monkeypatch.setenv("LIST", " a, ,b ,")
    assert (fresh.text("X", help=""), fresh.number("X", 7, help=""), fresh.items("LIST", help="")) == (
        "12",
        12,
        ["a", "b"],
    )
    assert parse_networks(" 10.0.0.0/8, ,::1 ") == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("YES", True), ("on", True), ("0", False), ("False", False), ("off", False)]
)
def test_boolean_variables_are_parsed(
    fresh: Environment, monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("X", value)
    assert fresh.flag("X", default=not expected, help="") is expected


@pytest.mark.parametrize("value", ["-1", "1.5", "many"])
def test_invalid_value_is_recorded_and_the_default_is_used(
    fresh: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("X", value)
    values = (fresh.number("X", 7, help=""), fresh.flag("X", default=True, help=""))
    assert (*values, fresh.choice("X", "a", ("a", "b"), help="")) == (7, True, "a")
    assert problems(fresh)["X"] == [
        "Set it to a whole number that is at least 0.",
        "Set it to 1 or 0.",
        "Set it to one of: a, b.",
    ]


def test_zero_is_allowed_below_the_minimum_where_it_means_never(
    fresh: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("0", "6", "7"):
        monkeypatch.setenv(f"X{value}", value)
    assert [fresh.number(f"X{it}", 9, minimum=7, or_zero=True, help="") for it in (0, 6, 7)] == [0, 9, 7]
    assert problems(fresh) == {"X6": ["Set it to a whole number that is 0 or at least 7."]}


@pytest.mark.parametrize(
    "value",
    [
        *("hub.example.org", "ftp://hub.example.org", "http://", "http://[1", "https://a.org/x", "https://u@a.org"),
        *(
            "https://a.org:99999",
            "https://a.org:0",
            "https://a.org:x",
            "https://a..org",
            "https://a b.org",
            "https://a_b.org",
        ),
        *("https://straße.example", f"https://{'a' * 64}.org", "https://.", "https://[::1%25eth0]", "https://*"),
    ],
)
def test_invalid_public_url_is_rejected(value: str) -> None:
    with pytest.raises(ValidationError, match=r"https://hub\."):
        parse_public_url(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://hub.example.org/", "https://hub.example.org"),
        ("HTTPS://Hub.Example.ORG", "https://hub.example.org"),
        ("https://hub.example.org:443/", "https://hub.example.org"),
        ("http://hub.example.org:80", "http://hub.example.org"),
        ("http://hub.example.org:443", "http://hub.example.org:443"),
        ("https://hub.example.org.:8443", "https://hub.example.org:8443"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("", ""),
    ],
)
def test_public_url_is_written_as_browsers_send_it(value: str, expected: str) -> None:
    assert parse_public_url(value) == expected


@pytest.mark.parametrize(
    ("public_url", "host"),
    [("https://Bücher.example", "xn--bcher-kva.example"), ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443")],
)
def test_host_of_the_public_url_is_accepted(tmp_path: Path, public_url: str, host: str) -> None:
    script = (
        f"from django.test import RequestFactory as F; print(F().get('/', headers={{'host': {host!r}}}).get_host())"
    )
    ended = run(
        ["-c", script], tmp_path, DJANGO_SETTINGS_MODULE="releasehub.settings.base", RELEASEHUB_PUBLIC_URL=public_url
    )
    assert (ended.stdout.strip(), ended.returncode) == (host, 0), ended.stderr


def test_missing_variable_is_reported_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " ")
    assert explain({"X": ["Set it."]}).endswith("- X is not set. Set it.")


def cache_seconds(data: Path, **variables: str) -> str:
    script = "from releasehub.settings.base import ANONYMOUS_CACHE_SECONDS; print(ANONYMOUS_CACHE_SECONDS)"
    return run(["-c", script], data, **variables).stdout.strip()


@pytest.fixture(scope="module")
def behind_a_pooler(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the configuration of the database of a hub on PostgreSQL, behind a pooler of transactions."""
    variables = {
        "DATABASE_URL": "postgresql://someone@127.0.0.1/nothing?keepalives_idle=7",
        "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        "RELEASEHUB_PREPARED_STATEMENTS": "0",
    }
    show = "from django.conf import settings; print(settings.DATABASES['default'])"
    return dict(literal_eval(run(["-c", show], tmp_path_factory.mktemp("data"), **variables).stdout))


def test_a_hub_is_back_soon_after_an_outage_of_postgresql(behind_a_pooler: dict[str, Any]) -> None:
    options = behind_a_pooler["OPTIONS"]
    assert options["pool"]["reconnect_timeout"] <= 5
    assert options["tcp_user_timeout"] <= 30_000
    assert options["keepalives_idle"] in {7, "7"}  # as the URL says


def test_a_pooler_of_transactions_gets_no_cursor_that_outlives_one(behind_a_pooler: dict[str, Any]) -> None:
    assert behind_a_pooler["OPTIONS"]["prepare_threshold"] is None
    assert behind_a_pooler["DISABLE_SERVER_SIDE_CURSORS"]


def test_the_deprecated_name_of_the_anonymous_cache_works(tmp_path: Path) -> None:
    old, new = "RELEASEHUB_GUEST_CACHE_SECONDS", "RELEASEHUB_ANONYMOUS_CACHE_SECONDS"
    assert cache_seconds(tmp_path, **{old: "5"}) == "5"
    assert cache_seconds(tmp_path, **{old: "5", new: "9"}) == "9"


@pytest.fixture(scope="module")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Load the web server with a deprecated variable, and print when garbage was collected."""
    return run(["-c", WATCHED_START], tmp_path_factory.mktemp("data"), RELEASEHUB_GUEST_CACHE_SECONDS="5")


def check_warning(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stderr
    assert "RELEASEHUB_GUEST_CACHE_SECONDS is deprecated." in result.stderr
    assert "Rename it to RELEASEHUB_ANONYMOUS_CACHE_SECONDS." in result.stderr


def test_deprecated_variable_causes_a_warning_of_commands(tmp_path: Path) -> None:
    check_warning(run(STARTS["check"], tmp_path, RELEASEHUB_GUEST_CACHE_SECONDS="5"))


def test_deprecated_variable_causes_a_warning_of_the_web_server(web_server: subprocess.CompletedProcess[str]) -> None:
    check_warning(web_server)


def test_garbage_is_collected_only_after_the_code_is_loaded(web_server: subprocess.CompletedProcess[str]) -> None:
    assert web_server.stdout == "False True False True True\n", (
        "in the settings, when all apps are ready, in the checks, at the end; and whether the code is left out"
    )


def test_an_empty_deprecated_variable_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASEHUB_GUEST_CACHE_SECONDS", "")
    assert check_renamed_variables(None) == []


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["localhost", "127.0.0.1", "[::1]"], ("http://localhost:8001", True)),
        (["localhost", "hub.example.org"], ("https://hub.example.org", True)),
        (["hub.example.org", "www.example.org"], ("https://hub.example.org", False)),
        (["hub.example.org", ".example.org"], ("https://hub.example.org", False)),
        (["localhost", "*"], ("http://localhost:8001", False)),
    ],
)
def test_host_names_tell_the_url_of_the_hub(hosts: list[str], expected: tuple[str, bool]) -> None:
    assert fallback_url(hosts, is_https=True, port="8001") == expected


@pytest.mark.parametrize(
    ("public_url", "is_known", "found"),
    [("", False, ["releasehub.W003"]), ("", True, []), ("https://a.org", False, [])],
)
def test_a_guessed_url_is_warned_about(settings: Any, public_url: str, is_known: bool, found: list[str]) -> None:
    settings.PUBLIC_URL, settings.IS_FALLBACK_URL_KNOWN = public_url, is_known
    assert [warning.id for warning in check_public_url(None)] == found


@pytest.mark.parametrize(
    "value",
    [
        "imprint",
        "//evil.example/x",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://",
        "https://u:p@x.example",
        "/a b",
        "https://x.example/a;b",
    ],
)
def test_invalid_link_of_the_site_is_rejected(value: str) -> None:
    with pytest.raises(ValidationError, match="Set it to a path such as"):
        parse_link(value)


@pytest.mark.parametrize("value", ["", "/imprint", "https://example.org/imprint?lang=en"])
def test_link_of_the_site_is_a_path_or_a_url(value: str) -> None:
    assert parse_link(value) == value


def test_every_variable_is_declared_with_its_meaning() -> None:
    assert len(env.declared) > 100
    assert [name for name, one in env.declared.items() if not (one.help and one.section and one.kind)] == []


def test_the_page_about_settings_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("settings", "--markdown")
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page, "Run: .venv/bin/python manage.py settings --markdown > docs/settings.md"


def test_values_are_shown_with_their_source_and_secrets_are_not(tmp_path: Path) -> None:
    given = {"RELEASEHUB_WEB_THREADS": "3", "EMAIL_HOST_PASSWORD": "hunter2"}
    both = "from django.core.management import execute_from_command_line as execute; "
    both += "execute(['manage.py', 'settings']); print('---'); execute(['manage.py', 'settings', '--help-all'])"
    given["DJANGO_SETTINGS_MODULE"] = "releasehub.settings.base"
    changed, _, everything = run(["-c", both], tmp_path, **given).stdout.partition("---\n")
    assert changed.splitlines() == [
        "RELEASEHUB_WEB_THREADS = 3  (environment)",
        f"RELEASEHUB_DATA_DIR = {tmp_path}  (environment)",
        f"SECRET_KEY = {HIDDEN}  (file secret_key)",
        f"EMAIL_HOST_PASSWORD = {HIDDEN}  (environment)",
    ]
    assert "hunter2" not in everything
    assert (tmp_path / "secret_key").read_text() not in everything
    assert "LOG_LEVEL = INFO  (default)\n    one of " in everything
    assert "RELEASEHUB_DATABASE_POOL = one for each thread  (default)\n    number; default: one for" in everything


def test_a_value_from_a_file_of_the_data_directory_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declaration = Declaration("X", "Site", "text", "`ReleaseHub`", "The name", file="site_name")
    assert (declaration.source(tmp_path), declaration.shown_value(tmp_path)) == ("default", "ReleaseHub")
    (tmp_path / "site_name").write_text("Fjord\n")
    assert (declaration.source(tmp_path), declaration.shown_value(tmp_path)) == ("file site_name", "Fjord")
    monkeypatch.setenv("X", "Harbor")
    assert (declaration.source(tmp_path), declaration.shown_value(tmp_path)) == ("environment", "Harbor")


def test_credentials_in_a_url_are_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://hub:hunter2@collector:4318")
    declaration = env.declared["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert declaration.shown_value(tmp_path) == f"https://{HIDDEN}@collector:4318"
    assert "hunter2" not in explain({"OTEL_EXPORTER_OTLP_ENDPOINT": ["It is wrong."]})
