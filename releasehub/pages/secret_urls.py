"""Headers of pages whose URL is a secret, such as the links in e-mails."""

from django.http import HttpResponseBase


def keep_secret(response: HttpResponseBase) -> HttpResponseBase:
    """Keep the URL of a page secret: caches and search engines must not store it, nor browsers send it to other sites.

    The policy is not `no-referrer`: with it, browsers send `Origin: null` with the forms of the page, which the CSRF
    check refuses.
    """
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response
