"""Tests of signatures, against the test vector of the specification and independent implementations."""

import base64
import hashlib
import hmac
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from releasehub.core import encryption
from releasehub.webhooks import signing

pytestmark = pytest.mark.embedded
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = signing.new_secret()


def own(key: bytes, data: bytes) -> str:
    return base64.b64encode(hmac.new(key, data, hashlib.sha256).digest()).decode()


def verified(secret: str, header: str, webhook_id: str, timestamp: int, body: bytes) -> bool:
    """Verify a signature in the same way as a receiver."""
    key = base64.b64decode(secret.split("_", 1)[1])
    wanted = own(key, f"{webhook_id}.{timestamp}.".encode() + body)
    return any(part.split(",", 1) == ["v1", wanted] for part in header.split(" "))


@given(st.text(max_size=2000), st.integers(24, 64))
def test_official_library_verifies_the_signature(text: str, length: int) -> None:
    secret = "whsec_" + base64.b64encode(random.Random(length).randbytes(length)).decode()
    body, moment = json.dumps({"text": text}), int(time.time())
    signature = signing.standard_signature([OTHER, secret], "msg_a", moment, body.encode())
    headers = {"webhook-id": "msg_a", "webhook-timestamp": str(moment), "webhook-signature": signature}
    assert Webhook(secret).verify(body, headers) == {"text": text}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " ", headers)


def test_published_test_vector() -> None:
    signature = signing.standard_signature(
        [SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=20_000), st.integers(0, 2**33), st.integers(24, 64))
def test_signature_verifies_only_the_signed_body(body: bytes, timestamp: int, length: int) -> None:
    secret = "whsec_" + base64.b64encode(random.Random(length).randbytes(length)).decode()
    header = signing.standard_signature([secret], "msg_a", timestamp, body)
    assert verified(secret, header, "msg_a", timestamp, body)
    assert not verified(secret, header, "msg_a", timestamp, body + b" ")
    assert not verified(secret, header, "msg_b", timestamp, body)
    assert not verified(secret, header, "msg_a", timestamp + 1, body)


def test_flipped_bit_is_detected() -> None:
    body = b'{"type":"version.created"}'
    header = signing.standard_signature([SECRET], "msg_a", 1, body)
    for bit in range(8 * len(body)):
        other = bytearray(body)
        other[bit // 8] ^= 1 << bit % 8
        assert not verified(SECRET, header, "msg_a", 1, bytes(other))


def test_both_secrets_verify_during_rotation() -> None:
    header = signing.standard_signature([OTHER, SECRET], "msg_a", 1, b"{}")
    assert len(header.split(" ")) == 2
    assert verified(SECRET, header, "msg_a", 1, b"{}")
    assert verified(OTHER, header, "msg_a", 1, b"{}")
    assert not verified(signing.new_secret(), header, "msg_a", 1, b"{}")


def test_plain_signature_uses_the_text_of_the_secret() -> None:
    assert signing.plain_signature("token-1234", b"{}") == own(b"token-1234", b"{}")
    assert len(signing.plain_signature(SECRET, b"{}")) == 44


@pytest.mark.parametrize("secret", [SECRET, OTHER, "token-12", "~" * 200], ids=["given", "made", "short", "long"])
def test_valid_secret_is_usable(secret: str) -> None:
    assert signing.is_usable(secret)


@pytest.mark.parametrize("secret", ["", "short", "with space", "ümlauts-here", "x" * 201, "line\nbreak", "whsec_AAAA"])
def test_invalid_secret_is_not_usable(secret: str) -> None:
    assert not signing.is_usable(secret)


def test_undecodable_secret_is_invalid() -> None:
    assert not signing.is_usable("whsec_" + "*" * 40)


def test_new_secrets_are_unique() -> None:
    made = {signing.new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(signing.key_of(secret)) == 32 for secret in made)


@given(st.text(max_size=300).filter(lambda text: text.isprintable()))
def test_encrypted_text_can_be_decrypted(text: str) -> None:
    encrypted = encryption.encrypt(text)
    assert encryption.decrypt(encrypted) == text
    assert encryption.encrypt(text) != encrypted
    assert len(text) < 4 or text not in encrypted


def test_altered_text_cannot_be_decrypted() -> None:
    raw = bytearray(base64.urlsafe_b64decode(encryption.encrypt("secret-text").removeprefix("v1.")))
    for position in range(len(raw)):
        other = raw.copy()
        other[position] ^= 1
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt("v1." + base64.urlsafe_b64encode(other).decode())
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt("v1.!")


def test_earlier_secret_key_decrypts_its_own_text(settings: object) -> None:
    encrypted = encryption.encrypt("secret-text")
    before = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another-key"  # type: ignore[attr-defined]
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt(encrypted)
    settings.SECRET_KEY_FALLBACKS = [before]  # type: ignore[attr-defined]
    assert encryption.decrypt(encrypted) == "secret-text"
