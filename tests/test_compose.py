"""docker-compose.yml is well formed, sets what the settings read, and starts what exists."""

import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.test import Client

from releasehub.server import celery
from releasehub.server.command import granian_arguments
from releasehub.settings.environment import env
from tests.services.run import VARIABLES

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
# Set by the image, or for developers only.
NOT_PASSED = {"RELEASEHUB_DATA_DIR", "RELEASEHUB_STATIC_DIR", "RELEASEHUB_DEMO", "DEBUG", "HOST"}
DIGEST = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")

TEXTS = {"type": "array", "items": {"type": "string"}}
NAME = "^[a-zA-Z0-9._-]+$"
DURATION = {"type": "string", "pattern": "^([0-9]+(us|ms|s|m|h))+$"}


def closed(**properties: Any) -> dict[str, Any]:
    """An object with these members and no others, so that a misspelled one is found."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def named(value: Any) -> dict[str, Any]:
    return {"type": "object", "patternProperties": {NAME: value}, "additionalProperties": False}


HEALTHCHECK = closed(
    test={"anyOf": [{"type": "string"}, TEXTS]},
    interval=DURATION,
    timeout=DURATION,
    start_period=DURATION,
    retries={"type": "integer", "minimum": 1},
    disable={"type": "boolean"},
)
CONDITION = {"enum": ["service_started", "service_healthy", "service_completed_successfully"]}
SERVICE = closed(
    image={"type": "string"},
    build={"type": "string"},
    command={"anyOf": [{"type": "string"}, TEXTS]},
    depends_on=named(closed(condition=CONDITION)),
    environment=named({"type": "string"}),
    healthcheck=HEALTHCHECK,
    init={"type": "boolean"},
    networks=named(closed(aliases=TEXTS)),
    ports={"type": "array", "items": {"type": "string", "pattern": r"^(\$\{[A-Z_]+:-[0-9]+\}|[0-9]+):[0-9]+$"}},
    restart={"enum": ["no", "always", "on-failure", "unless-stopped"]},
    shm_size={"type": "string", "pattern": "^[0-9]+(b|k|m|g|kb|mb|gb)$"},
    volumes={"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9]+:/[a-z0-9/]+$"}},
)
# The members of the Compose Specification that the file uses. Compose 1.29 refuses a `name` at the top.
SCHEMA = {
    "type": "object",
    "required": ["services", "volumes"],
    "properties": {
        "services": named(SERVICE | {"required": ["image", "restart"]}),
        "volumes": named({"type": "null"}),
    },
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
}


def words(service: str) -> list[str]:
    command = SERVICES[service]["command"]
    return shlex.split(command) if isinstance(command, str) else command


def option(service: str, name: str) -> str:
    arguments = words(service)
    return arguments[arguments.index(name) + 1]


def test_file_has_the_shape_of_the_specification() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)


def test_misspelled_schema_key_is_found() -> None:
    wrong = {**COMPOSE, "services": {"web": {**SERVICES["web"], "comand": "true"}}}
    with pytest.raises(jsonschema.ValidationError, match="comand"):
        jsonschema.validate(wrong, SCHEMA)


def test_services_are_the_documented_ones() -> None:
    assert set(SERVICES) == {"web", "worker", "outbound", "beat", "migrate", "bucket", "postgres", "redis", "s3"}


@pytest.mark.parametrize("service", SERVICES)
def test_dependencies_and_volumes_exist(service: str) -> None:
    described = SERVICES[service]
    assert set(described.get("depends_on", {})) <= set(SERVICES)
    assert {mount.partition(":")[0] for mount in described.get("volumes", [])} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", SERVICES)
def test_compose_dependencies_have_matching_health_checks(service: str) -> None:
    for name, wanted in SERVICES[service].get("depends_on", {}).items():
        is_checked = "test" in SERVICES[name].get("healthcheck", {})
        is_one_shot = SERVICES[name]["restart"] == "on-failure"
        assert (is_checked, is_one_shot) == (
            wanted["condition"] == "service_healthy",
            wanted["condition"] == "service_completed_successfully",
        )


@pytest.mark.parametrize("service", OURS)
def test_every_variable_of_the_settings_reaches_the_containers(service: str) -> None:
    passed = set(SERVICES[service]["environment"])
    assert passed == set(VARIABLES) | {"SECRET_KEY"} | set(env.declared) - NOT_PASSED


def test_external_images_are_pinned_by_digest() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    images += re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(images) == 4
    assert all(DIGEST.fullmatch(image) for image in images), images


OPTIONAL_SECRETS = ("SECRET_KEY_FALLBACKS", "EMAIL_HOST_PASSWORD", "RELEASEHUB_OIDC_CLIENT_SECRET")


def test_compose_requires_secrets_from_the_environment() -> None:
    settings_of_all = [pair for service in SERVICES.values() for pair in service.get("environment", {}).items()]
    secrets = {name: value for name, value in settings_of_all if "SECRET" in name or "PASSWORD" in name}
    optional = {name: secrets.pop(name) for name in OPTIONAL_SECRETS}
    assert optional == {name: f"${{{name}:-}}" for name in optional}
    assert set(secrets) == {"SECRET_KEY", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "ROOT_SECRET_ACCESS_KEY"}
    assert all(re.fullmatch(r"\$\{[A-Z0-9_]+:\?set [A-Z0-9_]+ to .+\}", value) for value in secrets.values())


@pytest.mark.parametrize("service", OURS)
def test_program_is_installed_with_the_application(service: str) -> None:
    programs = {script.name for script in entry_points(group="console_scripts")} | {"python"}
    assert words(service)[0] in programs


@pytest.mark.parametrize("service", [name for name in OURS if "manage.py" in words(name)])
def test_management_command_exists(service: str) -> None:
    assert option(service, "manage.py") in get_commands()


def test_web_runs_the_command_line_of_serve() -> None:
    assert words("web") == ["granian", *granian_arguments(host="0.0.0.0", port=8000, workers=2)]  # noqa: S104


@pytest.mark.parametrize("service", ["worker", "outbound", "beat"])
def test_compose_starts_the_celery_app_of_the_hub(service: str) -> None:
    assert f"{option(service, '-A')}.celery" == celery.__name__
    assert words(service)[3] == {"beat": "beat"}.get(service, "worker")


def queues() -> set[str]:
    return {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}


def test_every_queue_has_one_worker() -> None:
    taken = [queue for service in ("worker", "outbound") for queue in option(service, "-Q").split(",")]
    assert sorted(taken) == sorted(queues())


def test_every_queue_has_one_embedded_worker() -> None:
    taken = [queue for lane in settings.EMBEDDED_QUEUE_THREADS for queue in lane.split(",")]
    assert sorted(taken) == sorted(queues())


def test_image_health_check_works_without_a_database(client: Client) -> None:
    checked = re.search(r"http://127\.0\.0\.1:8000(/\w+)", (ROOT / "Dockerfile").read_text())
    assert checked
    assert client.get(checked[1]).status_code == 200


def test_image_and_compose_start_the_same_command() -> None:
    command = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert command
    assert yaml.safe_load(command[1]) == words("web")


def test_image_contains_every_package() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert packages | {"templates", "manage.py", "requirements.txt", "requirements-otel.txt"} == taken
