"""The pages of the admin that help people."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.backoffice.people.steps import STEPS
from tests.confirming import confirm_password
from tests.conftest import begin_with
from tests.factories import make_download, make_user


def build() -> dict[str, User]:
    people = {
        "clerk": make_user("clerk", is_staff=True, permissions=("view_user", "change_user")),
        "ann": make_user("ann", email="ann@example.org"),
        "bob": make_user("bob", email="bob@example.org"),
        "mod": make_user("mod", is_staff=True, permissions=("moderate_download",)),
    }
    for _ in range(2):
        make_download(people["ann"])
    return people


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


@pytest.fixture
def clerk(world: dict[str, User], client: Client) -> Client:
    client.force_login(world["clerk"])
    return confirm_password(client, world["clerk"])


def url_of(user: User, step: str) -> str:
    return reverse("admin:accounts_user_step", args=[user.pk, step])


def test_page_says_with_numbers_what_happens(clerk: Client, world: dict[str, User]) -> None:
    page = clerk.get(url_of(world["ann"], "transfer")).content.decode()
    assert "Downloads that the user owns, including deleted ones: <strong>2</strong>" in page
    assert "becomes the owner at once" in page


def test_download_is_transferred_by_the_e_mail_address_of_the_next_owner(clerk: Client, world: dict[str, User]) -> None:
    form = {"to": "Bob@example.org", "kinds": ["downloads"], "reason": "left"}
    answer = clerk.post(url_of(world["ann"], "transfer"), form, follow=True)
    assert "The transfer from ann is done." in answer.content.decode()
    assert Download.objects.filter(owner=world["bob"]).count() == 2
    assert clerk.get(url_of(world["ann"], "transfer")).status_code == 404  # nothing is left to transfer


def test_errors_stand_at_their_field(clerk: Client, world: dict[str, User]) -> None:
    url = url_of(world["ann"], "merge")
    form = clerk.post(url, {"to": "nobody", "confirmation": "an"}).context["form"]
    assert {name: len(errors) for name, errors in form.errors.items()} == {"to": 1, "confirmation": 1}
    form = clerk.post(url, {"to": "mod", "confirmation": "ann"}).context["form"]
    assert form.errors  # the clerk has fewer rights than the other account
    assert User.objects.get(username="ann").is_active


def test_merge_needs_the_typed_name(clerk: Client, world: dict[str, User]) -> None:
    assert clerk.post(url_of(world["ann"], "merge"), {"to": "bob", "confirmation": "ann"}).status_code == 302
    assert not User.objects.get(username="ann").is_active


def test_account_is_disabled_and_enabled(clerk: Client, world: dict[str, User]) -> None:
    for step, is_active in (("disable", False), ("enable", True)):
        clerk.post(url_of(world["ann"], step), {"reason": "because"})
        assert User.objects.get(username="ann").is_active is is_active


def test_only_possible_steps_are_offered(clerk: Client, world: dict[str, User]) -> None:
    def offered(user: User) -> set[str]:
        page = clerk.get(reverse("admin:accounts_user_change", args=[user.pk])).content.decode()
        return {step.name for step in STEPS if url_of(user, step.name) in page}

    assert offered(world["ann"]) == {"sign-out", "disable", "transfer", "merge", "anonymize"}
    assert offered(world["bob"]) == {"sign-out", "disable", "merge", "anonymize"}
    assert offered(world["clerk"]) == {"sign-out"}
    assert offered(world["mod"]) == set()
    assert clerk.get(url_of(world["mod"], "disable")).status_code == 404


@pytest.mark.parametrize("term", ["ann", "ANN@EXAMPLE"])
def test_user_is_found_by_name_and_e_mail_address(clerk: Client, term: str) -> None:
    page = clerk.get(reverse("admin:accounts_user_changelist"), {"q": term})
    assert [row.username for row in page.context["cl"].result_list] == ["ann"]
