"""A sentence for each action that the activity of a download shows.

`%(actor)s` is the user who did it, and `%(target)s` the download, version, file or key that it concerns.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from releasehub.audit.actions import AuditAction

WORDS: dict[str, Any] = {
    AuditAction.DOWNLOAD_CREATE: _("%(actor)s created the download."),
    AuditAction.DOWNLOAD_UPDATE: _("%(actor)s changed the download."),
    AuditAction.DOWNLOAD_APPROVE: _("%(actor)s approved the download."),
    AuditAction.DOWNLOAD_DELETE_SOFT: _("%(actor)s deleted the download."),
    AuditAction.DOWNLOAD_DELETE_HARD: _("%(actor)s permanently deleted the download."),
    AuditAction.DOWNLOAD_TRANSFER: _("%(actor)s gave the download to another owner."),
    AuditAction.DOWNLOAD_RESTORE: _("%(actor)s restored the download."),
    AuditAction.DOWNLOAD_FEATURE: _("%(actor)s changed the place of the download on the front page."),
    AuditAction.VERSION_CREATE: _("%(actor)s created the version %(target)s."),
    AuditAction.VERSION_UPDATE: _("%(actor)s changed the version %(target)s."),
    AuditAction.VERSION_PUBLISH: _("%(actor)s published the version %(target)s."),
    AuditAction.VERSION_UNPUBLISH: _("%(actor)s made the version %(target)s a draft again."),
    AuditAction.VERSION_ARCHIVE: _("%(actor)s archived the version %(target)s."),
    AuditAction.VERSION_UNARCHIVE: _("%(actor)s unarchived the version %(target)s."),
    AuditAction.VERSION_YANK: _("%(actor)s yanked the version %(target)s."),
    AuditAction.VERSION_UNYANK: _("%(actor)s unyanked the version %(target)s."),
    AuditAction.VERSION_ACTIVATE: _("%(actor)s made the version %(target)s the active one."),
    AuditAction.VERSION_MARK_SECURITY: _("%(actor)s marked the version %(target)s as a security release."),
    AuditAction.VERSION_UNMARK_SECURITY: _("%(actor)s removed the mark of a security release from %(target)s."),
    AuditAction.VERSION_DELETE_SOFT: _("%(actor)s deleted the version %(target)s."),
    AuditAction.VERSION_DELETE_HARD: _("%(actor)s permanently deleted the version %(target)s."),
    AuditAction.VERSION_RESTORE: _("%(actor)s restored the version %(target)s."),
    AuditAction.FILE_CREATE: _("%(actor)s added the file %(target)s."),
    AuditAction.FILE_UPDATE: _("%(actor)s changed the file %(target)s."),
    AuditAction.FILE_VALIDATE: _("The file %(target)s passed its checks."),
    AuditAction.FILE_REJECT: _("The file %(target)s was rejected."),
    AuditAction.FILE_ACCEPT: _("%(actor)s let the file %(target)s through."),
    AuditAction.FILE_DELETE_SOFT: _("%(actor)s deleted the file %(target)s."),
    AuditAction.FILE_DELETE_HARD: _("%(actor)s permanently deleted the file %(target)s."),
    AuditAction.FILE_RESTORE: _("%(actor)s restored the file %(target)s."),
    AuditAction.FILE_QUARANTINE: _("%(actor)s put the file %(target)s into quarantine."),
    AuditAction.FILE_UNQUARANTINE: _("%(actor)s took the file %(target)s out of quarantine."),
    AuditAction.PICTURE_ADD: _("%(actor)s added a picture."),
    AuditAction.PICTURE_UPDATE: _("%(actor)s changed the texts of a picture."),
    AuditAction.PICTURE_REORDER: _("%(actor)s changed the order of the screenshots."),
    AuditAction.PICTURE_REMOVE: _("%(actor)s removed a picture."),
    AuditAction.UPLOAD_ABORT: _("%(actor)s canceled the upload of %(target)s."),
    AuditAction.UPLOAD_FAIL: _("The upload of %(target)s failed."),
    AuditAction.TEAM_UPDATE: _("%(actor)s changed the rights of a team member."),
    AuditAction.TEAM_REMOVE: _("%(actor)s removed a team member."),
    AuditAction.SHARE_CREATE: _("%(actor)s shared the download."),
    AuditAction.SHARE_REMOVE: _("%(actor)s removed a share."),
    AuditAction.STORE_UPDATE: _("%(actor)s offered the download in the store of an organization."),
    AuditAction.STORE_REMOVE: _("%(actor)s removed the download from the store of an organization."),
    AuditAction.ACCESS_KEY_ISSUE: _("%(actor)s created the access key %(target)s."),
    AuditAction.ACCESS_KEY_REVOKE: _("%(actor)s revoked the access key %(target)s."),
    AuditAction.ENDPOINT_CREATE: _("%(actor)s created the webhook %(target)s."),
    AuditAction.ENDPOINT_UPDATE: _("%(actor)s changed the webhook %(target)s."),
    AuditAction.ENDPOINT_DELETE: _("%(actor)s deleted the webhook %(target)s."),
    AuditAction.ENDPOINT_PAUSE: _("%(actor)s paused the webhook %(target)s."),
    AuditAction.ENDPOINT_RESUME: _("%(actor)s resumed the webhook %(target)s."),
    AuditAction.ENDPOINT_DISABLE: _("The webhook %(target)s was disabled."),
    AuditAction.ENDPOINT_ROTATE_SECRET: _("%(actor)s changed the secret of the webhook %(target)s."),
    AuditAction.ENDPOINT_TEST: _("%(actor)s tested the webhook %(target)s."),
    AuditAction.ENDPOINT_REPLAY: _("%(actor)s sent deliveries of the webhook %(target)s again."),
}  # fmt: skip
