"""docker-compose.yml is well formed, sets what the settings read, and starts what exists."""

import re
import shlex
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.test import Client

from releasehub.celery import app
from tests.services.run import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
# Beside what `make test-services` sets: what only a hub with visitors needs.
EXTRAS = {"SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "RELEASEHUB_PUBLIC_URL"}

TEXTS = {"type": "array", "items": {"type": "string"}}
NAME = "^[a-zA-Z0-9._-]+$"
DURATION = {"type": "string", "pattern": "^([0-9]+(us|ms|s|m|h))+$"}


def closed(**properties: Any) -> dict[str, Any]:
    """An object with these members and no others, so that a misspelt one is found."""
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
# The members of the Compose Specification that the file uses.
SCHEMA = {
    "type": "object",
    "required": ["name", "services", "volumes"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
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


def test_a_misspelt_member_is_found() -> None:
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
def test_who_is_waited_for_can_become_what_is_waited_for(service: str) -> None:
    for name, wanted in SERVICES[service].get("depends_on", {}).items():
        is_checked = "test" in SERVICES[name].get("healthcheck", {})
        is_one_shot = SERVICES[name]["restart"] == "on-failure"
        assert (is_checked, is_one_shot) == (
            wanted["condition"] == "service_healthy",
            wanted["condition"] == "service_completed_successfully",
        )


@pytest.mark.parametrize("service", OURS)
def test_environment_is_the_one_the_suite_runs_with(service: str) -> None:
    assert set(SERVICES[service]["environment"]) == set(VARIABLES) | EXTRAS


def test_secrets_come_from_outside_and_are_required() -> None:
    settings_of_all = [pair for service in SERVICES.values() for pair in service.get("environment", {}).items()]
    secrets = {name: value for name, value in settings_of_all if "SECRET" in name or "PASSWORD" in name}
    assert set(secrets) == {"SECRET_KEY", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "ROOT_SECRET_ACCESS_KEY"}
    assert all(re.fullmatch(r"\$\{[A-Z0-9_]+:\?set [A-Z0-9_]+ to .+\}", value) for value in secrets.values())


@pytest.mark.parametrize("service", OURS)
def test_program_is_installed_with_the_application(service: str) -> None:
    programs = {script.name for script in entry_points(group="console_scripts")} | {"python"}
    assert words(service)[0] in programs


@pytest.mark.parametrize("service", [name for name in OURS if "manage.py" in words(name)])
def test_management_command_exists(service: str) -> None:
    assert option(service, "manage.py") in get_commands()


def test_web_serves_the_application_that_the_settings_name() -> None:
    module, _, attribute = option("web", "wsgi").partition(":")
    assert f"{module}.{attribute}" == settings.WSGI_APPLICATION
    assert callable(getattr(import_module(module), attribute))


@pytest.mark.parametrize("service", ["worker", "outbound", "beat"])
def test_celery_application_is_ours(service: str) -> None:
    assert option(service, "-A") == app.main
    assert words(service)[3] == {"beat": "beat"}.get(service, "worker")


def queues() -> set[str]:
    return {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}


def test_each_queue_that_tasks_go_to_has_one_worker() -> None:
    taken = [queue for service in ("worker", "outbound") for queue in option(service, "-Q").split(",")]
    assert sorted(taken) == sorted(queues())


def test_each_queue_that_tasks_go_to_has_one_embedded_lane() -> None:
    taken = [queue for lane in settings.EMBEDDED_LANES for queue in lane.split(",")]
    assert sorted(taken) == sorted(queues())


def test_image_checks_a_page_that_answers_without_a_database(client: Client) -> None:
    checked = re.search(r"c\.request\('GET', '([^']+)'\)", (ROOT / "Dockerfile").read_text())
    assert checked
    assert client.get(checked[1]).status_code == 200


def test_image_starts_what_compose_starts() -> None:
    command = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert command
    assert yaml.safe_load(command[1]) == words("web")


def test_image_takes_every_package_along() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert packages | {"templates", "manage.py", "requirements.txt"} == taken
