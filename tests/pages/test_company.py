"""Signing in with OpenID Connect, at a provider on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client

from releasehub.accounts.models import CompanyIdentity, User
from releasehub.apikeys.models import ApiKey
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.encryption import encrypt
from releasehub.operations.read_only import switch_on
from tests.accounts.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
BEGIN = "/account/sign-in/company/"
CONFIRM = "/account/confirm/company/"
ANN = {"sub": "a1", "email": "Ann@example.org", "email_verified": True, "preferred_username": "Ann Lee", "groups": []}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def provider(server: Provider, settings: Any) -> Provider:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.url, CLIENT_ID, CLIENT_SECRET
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    server.claims, server.overrides, server.user_info, server.signing_key = dict(ANN), {}, {}, server.key
    server.key_overrides = {}
    return server


def sign_in(provider: Provider, client: Client | None = None, next_url: str = "") -> tuple[Client, Any]:
    client = client or Client()
    begun = urlsplit(client.get(BEGIN, {"next": next_url})["Location"])
    assert f"{begun.scheme}://{begun.netloc}{begun.path}" == f"{provider.url}/authorize"
    return client, come_back(provider, client, begun)


def come_back(provider: Provider, client: Client, begun: SplitResult) -> Any:
    back = urlsplit(provider.authorize({name: values[0] for name, values in parse_qs(begun.query).items()}))
    return client.get(f"{back.path}?{back.query}")


def test_first_sign_in_creates_an_account_and_the_next_finds_it(provider: Provider) -> None:
    client, answer = sign_in(provider, next_url="/account/keys/")
    assert answer["Location"] == "/account/keys/"
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("Ann-Lee", "ann@example.org", False)
    assert client.get("/account/security/app/").status_code == 200  # the sign-in was a moment ago
    provider.claims["email"] = "other@example.org"
    assert sign_in(provider, next_url="https://evil.example/")[1]["Location"] == "/account/"
    assert User.objects.get().email == "ann@example.org"
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions.count(AuditAction.SIGN_IN) == 2
    assert actions.count(AuditAction.COMPANY_CONNECT) == 1


@pytest.mark.parametrize(
    ("is_staff", "is_verified", "is_found"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_account_with_the_address_is_found_if_it_is_verified_and_no_staff(
    provider: Provider, settings: Any, is_staff: bool, is_verified: bool, is_found: bool
) -> None:
    settings.OIDC_CREATES_ACCOUNTS = False
    make_user("ann", email="ann@example.org", is_staff=is_staff)
    provider.claims["email_verified"] = is_verified
    client, answer = sign_in(provider)
    assert answer.status_code == (302 if is_found else 403)
    assert CompanyIdentity.objects.exists() == is_found
    assert client.get("/account/").status_code == (200 if is_found else 302)


def test_signed_in_staff_connects_after_confirming_the_password_and_disconnects(provider: Provider) -> None:
    make_user("sam", is_staff=True)
    client, form = Client(), {"username": "sam", "password": "secret-pass-1"}
    client.post("/account/sign-in/", form)
    assert client.get(BEGIN)["Location"] == "/account/security/"  # another site could have sent the user here
    assert client.post(BEGIN)["Location"].startswith("/account/confirm/")
    begun = urlsplit(client.post(f"/account/confirm/?next={BEGIN}", {"password": form["password"]})["Location"])
    assert come_back(provider, client, begun)["Location"] == "/account/security/"
    assert sign_in(provider)[0].get("/admin/").status_code == 200
    assert client.post("/account/security/company/end/").status_code == 302
    assert not CompanyIdentity.objects.exists()


def test_second_factor_is_still_asked(provider: Provider) -> None:
    sign_in(provider)
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={"secret": encrypt("JBSWY3DPEHPK3PXP")})
    client, answer = sign_in(provider)
    assert answer["Location"] == "/account/sign-in/code/"
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("alg", ["none", "HS256", "RSA-OAEP", 5])
def test_key_for_another_algorithm_verifies_no_token(provider: Provider, alg: Any) -> None:
    cache.clear()  # the keys of the provider are cached
    provider.key_overrides["alg"] = alg
    assert sign_in(provider)[1].status_code == 403
    cache.clear()


@pytest.mark.parametrize("value", [["true"], {"a": 1}, "True", "1"])
def test_address_counts_only_if_it_is_stated_to_be_verified(provider: Provider, settings: Any, value: Any) -> None:
    settings.OIDC_DOMAINS = frozenset({"example.org"})
    provider.claims["email_verified"] = value
    assert sign_in(provider)[1].status_code == 403


def test_domains_and_groups_are_checked_at_every_sign_in(provider: Provider, settings: Any) -> None:
    settings.OIDC_DOMAINS, settings.OIDC_GROUPS = frozenset({"example.org"}), frozenset({"authors"})
    assert sign_in(provider)[1].status_code == 403
    provider.claims["groups"] = ["authors", "others"]
    assert sign_in(provider)[1].status_code == 302
    provider.claims["email_verified"] = False
    assert sign_in(provider)[1].status_code == 403


def test_groups_may_come_from_the_user_info(provider: Provider, settings: Any) -> None:
    settings.OIDC_GROUPS = frozenset({"authors"})
    del provider.claims["groups"]
    provider.user_info = {"groups": ["authors"]}
    assert sign_in(provider)[1].status_code == 302


@pytest.mark.parametrize(
    "overrides",
    [{"aud": "another"}, {"iss": "https://evil.example"}, {"nonce": "another"}, {"exp": 1}, {"aud": ["x", CLIENT_ID]}],
    ids=["audience", "issuer", "nonce", "expired", "several audiences"],
)
def test_token_for_somebody_else_is_refused(provider: Provider, overrides: dict[str, Any]) -> None:
    provider.overrides = overrides
    assert sign_in(provider)[1].status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize("claim", ["sub", "email"])
@pytest.mark.parametrize("text", ["a\ud800@b.example", "a\0@b.example", "a\r\nBcc: x@b.example", "x" * 300])
def test_claim_that_the_hub_cannot_store_is_refused(provider: Provider, claim: str, text: str) -> None:
    provider.overrides = {claim: text}
    assert sign_in(provider)[1].status_code == 403
    assert not User.objects.exists()


def test_names_lose_the_characters_that_the_hub_cannot_store(provider: Provider) -> None:
    provider.overrides = {"given_name": "An\ud800n", "family_name": "Le\0e", "preferred_username": "an\0\ud800n"}
    assert sign_in(provider)[1].status_code == 302
    assert User.objects.get().get_full_name() == "Ann Lee"


def test_token_with_another_signature_is_refused(provider: Provider) -> None:
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert sign_in(provider)[1].status_code == 403


def test_answer_needs_the_state_of_this_browser_and_works_once(provider: Provider) -> None:
    client = Client()
    query = {name: values[0] for name, values in parse_qs(urlsplit(client.get(BEGIN)["Location"]).query).items()}
    back = urlsplit(provider.authorize(query))
    assert Client().get(f"{back.path}?{back.query}").status_code == 403
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert client.get(f"{back.path}?{back.query}").status_code == 403


def test_answer_is_for_the_person_who_began(provider: Provider) -> None:
    """Any site can make the browser of a visitor begin. A user who signs in meanwhile has not asked to be connected."""
    make_user("sam")
    client = Client()
    begun = urlsplit(client.get(BEGIN)["Location"])
    client.post("/account/sign-in/", {"username": "sam", "password": "secret-pass-1"})
    assert come_back(provider, client, begun).status_code == 403
    assert not CompanyIdentity.objects.exists()
    assert client.get("/account/").status_code == 200  # the user stays signed in


def test_answer_is_refused_if_the_sign_in_began_long_ago(provider: Provider) -> None:
    client = Client()
    begun = urlsplit(client.get(BEGIN)["Location"])
    change_session(client, lambda session: session["company_sign_in"].update(begun_at=time.time() - 601))
    assert come_back(provider, client, begun).status_code == 403
    assert not User.objects.exists()


def signed_in_long_ago(provider: Provider) -> Client:
    client, _ = sign_in(provider)
    change_session(client, lambda session: session["account_authentication_methods"][-1].update(at=time.time() - 601))
    return client


def change_session(client: Client, change: Callable[[Any], None]) -> None:
    session = client.session
    change(session)
    session.save()


def begin_to_confirm(client: Client, url: str) -> SplitResult:
    """Ask for a page that needs a confirmation, follow the redirect, and press the button there."""
    page = client.get(url)["Location"]
    assert urlsplit(page).path == CONFIRM
    assert client.get(page).status_code == 200
    return urlsplit(client.post(page)["Location"])


def test_user_without_password_and_second_factor_confirms_at_the_provider(provider: Provider) -> None:
    client = signed_in_long_ago(provider)
    begun = begin_to_confirm(client, "/account/security/app/")
    assert {("prompt", "login"), ("max_age", "0")} <= set(parse_qsl(begun.query))
    assert come_back(provider, client, begun)["Location"] == "/account/security/app/"
    assert client.get("/account/security/app/").status_code == 200


def test_form_that_needed_the_confirmation_is_sent_on_afterwards(provider: Provider) -> None:
    client = signed_in_long_ago(provider)
    page = client.post("/account/keys/", {"name": "laptop", "scopes": "release:read"})["Location"]
    begun = urlsplit(client.post(page)["Location"])
    assert come_back(provider, client, begun).status_code == 200
    assert ApiKey.objects.get().name == "laptop"


@pytest.mark.parametrize(
    "claims", [{"sub": "another"}, {"auth_time": 1}, {"auth_time": "soon"}], ids=["another person", "old", "no number"]
)
def test_confirmation_by_another_person_or_an_old_sign_in_is_refused(
    provider: Provider, claims: dict[str, Any]
) -> None:
    client = signed_in_long_ago(provider)
    begun = begin_to_confirm(client, "/account/security/app/")
    provider.claims.update(claims)
    assert come_back(provider, client, begun).status_code == 403
    assert client.get("/account/security/app/").status_code == 302
    assert User.objects.count() == 1


def test_confirmation_ends_after_ten_minutes(provider: Provider) -> None:
    client = signed_in_long_ago(provider)
    come_back(provider, client, begin_to_confirm(client, "/account/security/app/"))
    change_session(client, lambda session: session["account_authentication_methods"][-1].update(at=time.time() - 601))
    assert urlsplit(client.get("/account/security/app/")["Location"]).path == CONFIRM


def test_user_with_a_password_cannot_confirm_at_the_provider(provider: Provider) -> None:
    """Otherwise the account at the provider would be enough to remove a second factor."""
    client = signed_in_long_ago(provider)
    user = User.objects.get()
    user.set_password("secret-pass-1")
    user.save()
    client.force_login(user)
    assert client.get("/account/security/app/")["Location"].startswith("/account/confirm/?")
    assert client.post(CONFIRM).status_code == 404


def test_first_password_needs_a_confirmation_and_waits_in_no_session(provider: Provider) -> None:
    """A thief who sets one with a stolen session could confirm everything else with it."""
    client, passwords = signed_in_long_ago(provider), dict.fromkeys(("password1", "password2"), "secret-pass-1")
    assert client.post("/account/password/set/", passwords)["Location"] == "/account/password/set/"
    assert "secret-pass-1" not in str(dict(client.session))
    assert urlsplit(client.get("/account/password/set/")["Location"]).path == CONFIRM
    assert not User.objects.get().has_usable_password()
    come_back(provider, client, begin_to_confirm(client, "/account/password/set/"))
    client.post("/account/password/set/", passwords)
    assert User.objects.get().has_usable_password()


def test_provider_in_a_private_network_needs_the_permission_of_the_operator(provider: Provider, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = []
    assert Client().get(BEGIN).status_code == 403
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.0/8"]
    assert Client().get(BEGIN).status_code == 403  # the failure is remembered for a moment
    cache.clear()
    assert Client().get(BEGIN).status_code == 302


def test_without_a_provider_there_is_no_button_and_no_page() -> None:
    assert Client().get(BEGIN).status_code == 404
    assert BEGIN not in Client().get("/account/sign-in/").content.decode()


def test_nobody_signs_in_while_the_hub_is_read_only(provider: Provider, settings: Any) -> None:
    settings.READ_ONLY_CHECK_SECONDS = 0
    switch_on("a test")
    assert sign_in(provider)[1].status_code == 503
    assert not User.objects.exists()
