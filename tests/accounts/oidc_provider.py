"""A small OpenID Connect provider on this machine, which signs id tokens with RS256."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.serving import serving

CLIENT_ID, CLIENT_SECRET = "releasehub", "a-client-secret"


class Provider(ThreadingHTTPServer):
    """Signs everybody in as the person in `claims`.

    Attributes:
        claims: The claims of the next id token, besides those that every token has.
        overrides: Claims that replace the right ones, for tokens that must be refused.
        key_overrides: Members of the published key that replace the right ones.
        user_info: Further claims that only the user info endpoint has.
        signing_key: The key of the next token. The provider publishes `key` only.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = self.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {"sub": "1"}
        self.overrides: dict[str, Any] = {}
        self.key_overrides: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def authorize(self, query: dict[str, str]) -> str:
        """Return the URL to which a browser is sent after the person has signed in at the provider."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def id_token(self, query: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": query["nonce"]}
        return jwt.encode(claims | self.claims | self.overrides, self.signing_key, "RS256", headers={"kid": "k1"})


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        provider, url = self.server, urlsplit(self.path)
        if url.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", provider.authorize({k: v[0] for k, v in parse_qs(url.query).items()}))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif url.path == "/userinfo":
            self._answer({"sub": provider.claims["sub"]} | provider.user_info)
        elif url.path == "/keys":
            jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(provider.key.public_key()))
            self._answer({"keys": [jwk | {"kid": "k1", "use": "sig", "alg": "RS256"} | provider.key_overrides]})
        else:
            names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            endpoints = {f"{name}_endpoint": f"{provider.url}/{path}" for name, path in names.items()}
            self._answer({"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"} | endpoints)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        query = self.server.codes.pop(form["code"], None)
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if query is None or form["client_secret"] != CLIENT_SECRET or query["code_challenge"] != challenge:
            self._answer({"error": "invalid_grant"}, 400)
        else:
            self._answer({"access_token": "token", "token_type": "Bearer", "id_token": self.server.id_token(query)})

    def _answer(self, document: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def running_provider() -> Iterator[Provider]:
    server = Provider()
    with serving(server):
        yield server
