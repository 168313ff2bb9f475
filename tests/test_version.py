"""The hub, its command-line client, the API documents and the changelog name the same version."""

import re
from pathlib import Path

import pytest
from django.conf import settings

import releasehub
import releasehub_cli

pytestmark = pytest.mark.embedded
CHANGELOG = Path(__file__).resolve().parents[1] / "docs" / "changelog.md"


def test_changelog_begins_with_the_version_of_the_hub() -> None:
    newest = re.search(r"^## (\S+)", CHANGELOG.read_text(), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == releasehub.__version__


def test_command_line_client_has_the_version_of_the_hub() -> None:
    assert releasehub_cli.__version__ == releasehub.__version__


def test_api_documents_have_the_version_of_the_hub() -> None:
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == releasehub.__version__
