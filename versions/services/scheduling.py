"""Keep the schedules of versions in force when somebody passes a download on."""

from downloads.models import Download
from releasehub.accounts.models import User
from versions.models import Version


def pass_on_schedules(download: Download, giver: User, heir: User) -> None:
    """Make the versions that the giver scheduled depend on the right of the heir to publish them."""
    Version.all_objects.filter(download=download, scheduled_by=giver).update(scheduled_by=heir)
