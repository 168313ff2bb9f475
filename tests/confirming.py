"""Let a user of the test client have just confirmed the password, which pages about security ask for."""

from __future__ import annotations

import time

from django.test import Client

from releasehub.accounts.models import User


def confirm_password(client: Client, user: User) -> Client:
    """Record the confirmation in the session of the client, who is signed in as the user. Return the client."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
