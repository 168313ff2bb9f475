"""Every form of the admin and of the pages works with the CSRF check, and only with it.

The walk finds the forms by following links, so a new form is covered as soon as a page shows it. A new route that
the walk neither opens nor sends anything to fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from downloads.models import Download
from files.models import File
from releasehub.api.dialects import is_api
from releasehub.core.encryption import encrypt
from tests.confirming import confirm_password
from tests.conftest import begin_with
from tests.crawling import TOKEN, Form, Walk, kind_of, match_of, send, unlike, waits_for_an_action, walk
from tests.factories import make_avatar, make_download, make_everything, make_picture, make_user, make_version
from versions.models import Version

STARTS = (
    "/",
    "/account/",
    "/account/confirm/",
    "/account/confirm/code/",
    "/admin/",
    "/admin/downloads/download/?deleted=all",
    "/admin/versions/version/?deleted=all",
    "/admin/files/file/?deleted=all",
)
SIGNED_OUT = ("/account/sign-in/", "/account/sign-up/")
# Routes that no page links to. They show no form: they serve GET alone.
WITHOUT_FORM = {
    "admin:autocomplete", "admin:jsi18n", "admin:search", "admin:view_on_site", "admin:password_change_done",
    "admin:app_list", "admin:find", "admin:audit_auditentry_export", "admin:django.views.generic.base.RedirectView",
    "pages:favicon", "pages:robots", "pages:share", "pages:category-by-id", "pages:download-by-slug",
    "pages:preview", "pages:preview-file", "pages:preview-picture",  # only an author hands them out
    "pages:latest", "pages:latest-primary", "pages:latest-line", "pages:latest-line-primary", "pages:latest-channel",
    "pages:latest-channel-primary",
    "pages:theme", "pages:style-guide", "pages:picture", "pages:avatar", "pages:social-card", "pages:llms",
    "pages:watch-stop", "pages:digest-stop",  # only e-mails link to them; tests/pages/test_watches.py sends their form
    "pages:feed", "pages:category-feed", "pages:download-feed", "pages:author-feed", "pages:tag-feed",
    "pages:organization",  # the page of one download links to it, and the walk opens only two
    "pages:organization-feed", "pages:sitemaps", "pages:sitemap",
    "pages:invitation-by-link",  # only an e-mail links to it; tests/pages/test_invitations.py sends its form
    # Scripts call these; tests/pages/desk/test_uploads.py sends to them without a token.
    "pages:desk-upload", "pages:desk-upload-begin", "pages:desk-upload-parts", "pages:desk-upload-complete",
    "pages:desk-upload-abort", "pages:desk-preview",
    "pages:company-begin", "pages:company-callback", "pages:company-end",  # tests/pages/test_company.py
    "pages:company-confirm",  # the same
    "pages:change-email",  # tests/pages/test_profile.py
    "pages:set-up",  # printed on the terminal; sent by tests/pages/test_set_up.py
    "pages:sign-up-by-link", "pages:password-by-link",  # handed out; tests/pages/test_sign_up.py and test_passwords.py
    "account_confirm_email", "account_reset_password_from_key",  # in e-mails; sent by the same tests
    "account_login",  # the name that allauth has for pages:sign-in
    "admin:login", "admin:password_change",  # only redirect
    "account_inactive", "account_email_verification_sent", "account_reset_password_done",
    "account_reset_password_from_key_done", "mfa_list_webauthn",
    # Steps of signing in, and passkeys: tests/pages/test_second_factors.py and tests/browser/test_accounts.py
    "account_set_password", "mfa_authenticate", "mfa_activate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
    # Read by programs: tests/pages/test_update_feeds.py, tests/pages/test_web_addresses.py, tests/versions/test_tags.py
    "pages:electron-channel-feed", "pages:electron-feed", "pages:electron-key-channel-feed", "pages:electron-key-feed",
    "pages:file-for-platform", "pages:file-in-channel", "pages:file-in-channel-for-platform", "pages:file-of-tag",
    "pages:version-of-tag", "web:asset", "web:feed", "web:latest", "web:latest-asset", "web:release", "web:releases",
    "web:releasehub.pages.web_addresses.releases", "web:releasehub.pages.web_addresses.repository", "web:repository",
    "releasehub.server.middleware.healthz", "releasehub.server.middleware.readyz", "releasehub.server.metrics.metrics",
}  # fmt: skip


def build() -> dict[str, Any]:
    root = make_user("root", is_staff=True, is_superuser=True)
    make_everything(root)
    make_picture(Download.objects.get(title="Everything"))
    make_avatar(root)
    Authenticator.objects.create(user=root, type="totp", data={"secret": encrypt("JBSWY3DPEHPK3PXP")})
    Authenticator.objects.create(user=root, type="recovery_codes", data={"seed": encrypt("0" * 80), "used_mask": 0})
    author = make_user("author")
    make_version(make_download(author, title="Written by an author"), "1.0.0", files=1)
    return {"root": root, "author": author, "stranger": make_user("stranger")}


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def strict_client(user: Any = None) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def root(world: dict[str, Any]) -> Client:
    """A site administrator who has just confirmed the password, so that all pages about security open."""
    strict_client(world["root"])  # another browser, which the page of the browsers can sign out
    return confirm_password(strict_client(world["root"]), world["root"])


def test_every_form_needs_its_token_and_works_with_it_and_other_pages_refuse_post(root: Client, settings: Any) -> None:
    """One walk serves all of these checks, because walking takes most of the time."""
    settings.SIGN_UP = "open"
    visitor = strict_client()
    # Which versions the walk opens depends on random ids, and only some have files, or are drafts.
    file_page = reverse("pages:desk-file", args=[File.objects.earliest("pk").public_id])
    links_page = reverse("pages:desk-previews", args=[Version.objects.filter(state="draft").earliest("pk").public_id])
    found, public = walk(root, (*STARTS, file_page, links_page)), walk(visitor, SIGNED_OUT, rows_per_kind=1)
    assert {url: status for url, status in found.answers.items() if status >= 400} == {}
    wrong = []
    for client, forms in ((root, found.forms), (visitor, public.forms)):
        for form in unlike(forms):
            assert TOKEN in form.values, form
            without = send(client, form, "application/json", **{TOKEN: None}).status_code
            with_token = 302 if waits_for_an_action(form) else send(client, form).status_code
            if without != 403 or with_token == 403 or with_token >= 500 or with_token == 404:
                wrong.append((form.page, form.action, without, with_token))
    assert wrong == []
    assert [name for name in missed(found, public) if not is_closed(root, name)] == []
    assert posts_taken_without_a_form(root, found) == {}


def posts_taken_without_a_form(root: Client, found: Walk) -> dict[str, int]:
    """Pages without a form reject POST requests, even with a valid token."""
    token = next(form.values[TOKEN] for form in found.forms)
    targets = {form.key for form in found.forms}
    pages = [url for url in found.answers if kind_of(url) not in targets and not url.startswith("/admin/")]
    answers = {url: send(root, Form(url, url, {TOKEN: token})).status_code for url in pages}
    assert answers
    return {url: status for url, status in answers.items() if status not in {403, 405}}


@pytest.mark.parametrize("name", ["author", "stranger"])
def test_pages_show_no_links_or_forms_without_permission(world: dict[str, Any], name: str) -> None:
    client = strict_client(world[name])
    found = walk(client, ("/", "/account/"), rows_per_kind=1)
    assert {url: status for url, status in found.answers.items() if status >= 400} == {}
    answers = {form.action: send(client, form).status_code for form in unlike(found.forms)}
    assert {url: status for url, status in answers.items() if status >= 500 or status in {403, 404}} == {}


def missed(*walks: Walk) -> list[str]:
    """Return the routes of admin and pages that no walk opened or found a form for."""
    urls = {url for found in walks for url in (*found.answers, *(form.action for form in found.forms))}
    links = {link for found in walks for linked in found.links.values() for link in linked}
    reached = {kind_of(url)[0] for url in urls | links if match_of(url)}
    return sorted(set(routes()) - reached - WITHOUT_FORM)


def is_closed(root: Client, name: str) -> bool:
    """Return whether the admin allows nobody to add or delete such rows. Its history pages have no form."""
    if name.endswith(("_add", "_delete")):
        return root.get(reverse(name, args=[1] if name.endswith("_delete") else [])).status_code == 403
    return name.endswith("_history")


def routes(patterns: Any = None, namespace: str = "", prefix: str = "/") -> Iterator[str]:
    """The names of all routes that are no API's."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLPattern):
            if not is_api(path) and "api." not in pattern.lookup_str and not path.startswith("/admin/(?P<url>"):
                yield namespace + (pattern.name or pattern.lookup_str)
        elif not is_api(path):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner, path)
