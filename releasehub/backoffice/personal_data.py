"""Erase what the admin stores about a user whose account is anonymized."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import pseudonym_of
from releasehub.backoffice.models import SavedFilter
from releasehub.core.actor import Actor


def rename_in_history(*, actor: Actor, user: User) -> None:
    """Replace the name in the rows about the user. The rows that the user caused refer to the account by its id."""
    rows = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    rows.update(object_repr=pseudonym_of(user))


def delete_saved_filters(*, actor: Actor, user: User) -> None:
    SavedFilter.objects.filter(user=user).delete()
