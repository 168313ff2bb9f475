"""Clients that are signed in."""

from __future__ import annotations

from django.test import Client

from releasehub.accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
