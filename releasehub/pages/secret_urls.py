"""Headers of pages whose URL is a secret, such as the links in e-mails."""

from __future__ import annotations

from django.http import HttpResponseBase


def keep_secret(response: HttpResponseBase) -> HttpResponseBase:
    """Let no cache store a page whose URL is a secret, and tell the URL to no other site.

    The policy is not `no-referrer`: with it, browsers send `Origin: null` with the forms of the page, which the CSRF
    check refuses.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
