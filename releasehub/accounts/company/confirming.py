"""Confirming a dangerous action by signing in at the provider once more."""

import time

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

COMPANY_METHOD = "company"


def recently_signed_in_at_company(request: HttpRequest) -> bool:
    """Return whether the user came from the provider within the time for which a confirmation counts."""
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records if record.get("method") == COMPANY_METHOD]
    return bool(times) and time.time() - times[-1] < app_settings.REAUTHENTICATION_TIMEOUT
