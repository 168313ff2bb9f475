"""How the audit log names those who act."""

from __future__ import annotations

import pytest

from releasehub.core.actor import Actor, Origin, system_actor

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("actor", "label"),
    [
        (Actor(origin=Origin.API, is_super_key=True, api_key_id=1), "super-user key"),
        (Actor(origin=Origin.CLI, is_super_key=True), "cli"),
        (system_actor(), "system"),
        (Actor(), "web"),
    ],
)
def test_only_an_api_key_is_named_a_super_user_key(actor: Actor, label: str) -> None:
    assert actor.label == label
