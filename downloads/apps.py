"""Register what the app `downloads` adds to webhooks and API keys when Django starts."""

from django.apps import AppConfig


class DownloadsConfig(AppConfig):
    name = "downloads"

    def ready(self) -> None:
        from downloads.holds import ensure_may_leave, held_downloads
        from downloads.models import Download
        from downloads.personal_data import POSSESSIONS, downloads_of, leave_downloads, lock_downloads_of
        from downloads.services.former_members import remove_former_members_of
        from downloads.services.invitations import TeamInvitations
        from downloads.services.ownership import OwnershipInvitations
        from downloads.snapshots import download_snapshot
        from downloads.webhooks import (
            is_held_by_manager,
            managed_downloads,
            manages_endpoints,
            owner_of,
            streamed_downloads,
        )
        from releasehub.accounts.invitation_targets import register_invitation_target
        from releasehub.accounts.models import Invitation
        from releasehub.accounts.personal_data import (
            check_leaving,
            register_eraser,
            register_exporter,
            register_possession,
        )
        from releasehub.accounts.services.locking import lock_earlier
        from releasehub.accounts.services.organizations import before_deletion
        from releasehub.apikeys.binding import register_download_lookup
        from releasehub.core.holds import register_held_downloads
        from releasehub.webhooks.download_rules import register_downloads
        from releasehub.webhooks.services import register_snapshot

        register_invitation_target(Invitation.Kind.TEAM, TeamInvitations())
        register_invitation_target(Invitation.Kind.OWNERSHIP, OwnershipInvitations())
        register_snapshot(Download, download_snapshot)
        register_downloads(manages_endpoints, managed_downloads, owner_of, streamed_downloads, is_held_by_manager)
        register_download_lookup(lambda slug: Download.objects.with_slug(slug).values_list("pk", flat=True).first())
        register_eraser(leave_downloads)
        lock_earlier.register(lock_downloads_of)
        before_deletion.register(remove_former_members_of)
        check_leaving.register(ensure_may_leave)
        register_held_downloads(held_downloads)
        for possession in POSSESSIONS:
            register_possession(possession)
        register_exporter("downloads", downloads_of)
