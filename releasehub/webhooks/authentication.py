"""The authentication of the hub at a receiver: HTTP Basic, or one header with a secret value.

The secret is stored encrypted. It is sent to the receiver, and never returned, logged or audited.
"""

import logging
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.utils.translation import gettext_lazy as _

from releasehub.core import encryption
from releasehub.core.errors import Invalid
from releasehub.outbound.requests import is_own_header
from releasehub.webhooks.models import Endpoint

log = logging.getLogger(__name__)

MAX_NAME_CHARACTERS = 100
MAX_SECRET_CHARACTERS = 1000
MIN_REDACTED_CHARACTERS = 4
AuthType = Endpoint.AuthType

# Parsers differ about `;` and `&` before an `@`: some end the host there. Such a name has to be percent-encoded.
_CREDENTIALS = re.compile(r"(https?://)([^/?#@:;&\\\s]*)(?::([^/?#@\\\s]*))?@(?=[^/?#@]*(?:[/?#]|\Z))", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_OUR_HEADERS = re.compile(r"content-.*|user-agent|webhook-.*|xf-content-type|xf-webhook-.*", re.IGNORECASE)
_PRINTABLE_ASCII = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True)
class Authentication:
    """The way in which the hub authenticates at a receiver. `name` is the user name, or the name of the header."""

    type: str = AuthType.NONE
    name: str = ""
    secret: str = ""

    def check(self) -> None:
        """Check that the name and the secret can be sent."""
        match self.type:
            case AuthType.NONE:
                if self.name or self.secret:
                    raise invalid(
                        "auth_type", "Set auth_type to basic or header, or leave auth_name and auth_secret empty."
                    )
            case AuthType.BASIC:
                fits = 0 < len(self.name) <= MAX_NAME_CHARACTERS
                if not fits or ":" in self.name or not self.name.isprintable():
                    text = f"Enter a user name of at most {MAX_NAME_CHARACTERS} characters without a colon."
                    raise invalid("auth_name", text)
                if len(self.secret) > MAX_SECRET_CHARACTERS or not self.secret.isprintable():
                    raise invalid("auth_secret", f"Enter a password of at most {MAX_SECRET_CHARACTERS} characters.")
            case AuthType.HEADER:
                self._check_header()
            case _:
                raise invalid("auth_type", f"Use one of these types: {', '.join(AuthType.values)}.")

    def _check_header(self) -> None:
        if not _HEADER.fullmatch(self.name):
            raise invalid("auth_name", "Enter the name of a header, such as Authorization or X-Api-Key.")
        if is_own_header(self.name) or _OUR_HEADERS.fullmatch(self.name):
            raise invalid("auth_name", f"The hub sets the header {self.name} itself. Use another header.")
        if len(self.secret) > MAX_SECRET_CHARACTERS or not _PRINTABLE_ASCII.fullmatch(self.secret):
            text = f"Enter the value of the header: 1 to {MAX_SECRET_CHARACTERS} printable ASCII characters."
            raise invalid("auth_secret", text)

    @property
    def columns(self) -> dict[str, str]:
        """Return the values of the columns of an endpoint. Only the secret is encrypted."""
        sealed = "" if self.type == AuthType.NONE else encryption.encrypt(self.secret)
        return {"auth_type": self.type, "auth_name": self.name, "sealed_auth_secret": sealed}

    @property
    def header(self) -> dict[str, str]:
        """Return the header to send, if there is one."""
        match self.type:
            case AuthType.BASIC:
                return {"Authorization": f"Basic {b64encode(f'{self.name}:{self.secret}'.encode()).decode()}"}
            case AuthType.HEADER:
                return {self.name: self.secret}
        return {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts to remove from logged responses, the longest first."""
        texts = {self.secret, *self.header.values(), *(value.partition(" ")[2] for value in self.header.values())}
        return tuple(sorted((text for text in texts if len(text) >= MIN_REDACTED_CHARACTERS), key=len, reverse=True))


def split_credentials(url: str) -> tuple[str, Authentication | None]:
    """Return the URL without `user:password@`, and the authentication that this part stands for."""
    match = _CREDENTIALS.match(url)
    if match is None:
        return url, None
    name, secret = unquote(match[2]), unquote(match[3] or "")
    return match[1] + url[match.end() :], Authentication(AuthType.BASIC, name, secret)


def form_choices(current: str = AuthType.NONE) -> list[tuple[str, Any]]:
    """Return the choices of a form. An empty choice changes nothing."""
    choices: list[tuple[str, Any]] = [(value, label) for value, label in AuthType.choices if value != AuthType.NONE]
    if current == AuthType.NONE:
        return [("", _("none")), *choices]
    return [("", _("keep as it is")), (str(AuthType.NONE), _("remove")), *choices]


def pop_authentication(fields: dict[str, Any]) -> Authentication | None:
    """Take `auth_type`, `auth_name` and `auth_secret` out of the fields, or else the credentials out of the URL.

    Returns:
        The authentication to set, or None if the fields do not change it.

    Raises:
        Invalid: The authentication is invalid, or it is incomplete.
    """
    authentication = None
    if isinstance(fields.get("url"), str):
        fields["url"], authentication = split_credentials(fields["url"])
    values = {name: fields.pop(f"auth_{name}", "") for name in ("type", "name", "secret")}
    if any(values.values()):
        if not values["type"]:
            raise invalid("auth_type", "Send auth_type together with auth_name and auth_secret.")
        authentication = Authentication(**values)
    if authentication is not None:
        authentication.check()
    return authentication


def authentication_of(endpoint: Endpoint) -> Authentication | None:
    """Return the authentication with its decrypted secret, or None if it cannot be decrypted."""
    if endpoint.auth_type == AuthType.NONE:
        return Authentication()
    try:
        secret = encryption.decrypt(endpoint.sealed_auth_secret)
    except encryption.DecryptionError:
        log.error("The authentication of %s cannot be decrypted with the current SECRET_KEY. Set it again.", endpoint)
        return None
    return Authentication(endpoint.auth_type, endpoint.auth_name, secret)


def invalid(field: str, message: str) -> Invalid:
    return Invalid(message, field=field)
