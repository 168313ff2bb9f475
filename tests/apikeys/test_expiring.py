"""The filters of expiring secrets select the rows for which the properties of the model are true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from releasehub.apikeys.expiring import check_expiry, is_expired, is_usable
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.verification import verify_key
from releasehub.core.errors import Invalid
from tests.factories import make_key

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("expires_in", [None, -HOUR, HOUR], ids=["never", "expired", "later"])
@pytest.mark.parametrize("is_revoked", [False, True], ids=["valid", "revoked"])
def test_filters_agree_with_the_properties(expires_in: timedelta | None, is_revoked: bool) -> None:
    pk = verify_key(make_key()).pk
    expires_at = None if expires_in is None else timezone.now() + expires_in
    ApiKey.objects.filter(pk=pk).update(expires_at=expires_at, revoked_at=timezone.now() if is_revoked else None)
    key = ApiKey.objects.get(pk=pk)
    for now in (timezone.now(), Now()):
        assert ApiKey.objects.filter(is_expired(now), pk=pk).exists() == key.is_expired
        assert ApiKey.objects.filter(is_usable(now), pk=pk).exists() == key.is_usable


def test_key_is_revoked_once() -> None:
    key = verify_key(make_key())
    first, second = ApiKey.objects.get(pk=key.pk), ApiKey.objects.get(pk=key.pk)
    assert first.mark_revoked()
    assert not second.mark_revoked()
    assert second.revoked_at == first.revoked_at is not None


def test_expiry_in_the_past_is_refused_with_its_value() -> None:
    moment = timezone.now() - HOUR
    with pytest.raises(Invalid) as raised:
        check_expiry(moment)
    assert moment.isoformat() in raised.value.message
    assert raised.value.field == "expires_at"
