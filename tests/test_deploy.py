"""Settings of a hub with a public URL, as `manage.py check --deploy` sees them in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from releasehub.server.checks import check_database_pool

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG")


def check_deploy(data: Path, public_url: str, **extra: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"RELEASEHUB_DATA_DIR": str(data), "RELEASEHUB_PUBLIC_URL": public_url, **extra}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_an_https_public_url_passes_every_deployment_check(tmp_path: Path) -> None:
    result = check_deploy(tmp_path, "https://hub.example.org")
    assert (result.returncode, result.stderr) == (0, "")


def test_public_url_with_a_path_stops_the_start_with_a_fix(tmp_path: Path) -> None:
    result = check_deploy(tmp_path, "https://example.org/releases")
    assert result.returncode == 1
    assert "https://example.org/releases" in result.stderr
    assert "https://hub.example.org" in result.stderr


def test_a_pool_with_fewer_connections_than_threads_is_named(settings: Any) -> None:
    settings.DATABASE_POOL_SIZE = settings.WEB_THREADS + settings.UPLOAD_THREADS - 1
    assert [found.id for found in check_database_pool(None)] == ["releasehub.W001"]


@pytest.fixture
def https_hub(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["hub.example.org"]
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.usefixtures("https_hub")
def test_health_check_answers_for_any_host_name_without_a_redirect() -> None:
    assert Client().get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("https_hub")
def test_readiness_check_answers_for_any_host_name_without_a_redirect() -> None:
    assert Client().get("/readyz", headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.usefixtures("https_hub")
def test_other_pages_are_redirected_to_https() -> None:
    answer = Client().get("/v3/products", headers={"host": "hub.example.org"})
    assert (answer.status_code, answer["Location"]) == (301, "https://hub.example.org/v3/products")
