"""The actions that the audit log records."""

from django.db import models

# Actions on these subjects can change a public page, which shows downloads, their parts, their owners, and what users
# wrote about them.
PUBLIC_SUBJECTS = frozenset(
    {
        "category",
        "prefix",
        "download",
        "version",
        "file",
        "picture",
        "channel",
        "platform",
        "organization",
        "user",
        "comment",
        "review",
    }
)


class AuditAction(models.TextChoices):
    CATEGORY_CREATE = "category.create"
    CATEGORY_UPDATE = "category.update"
    CATEGORY_DELETE_HARD = "category.delete_hard"
    PREFIX_CREATE = "prefix.create"
    PREFIX_UPDATE = "prefix.update"
    PREFIX_DELETE = "prefix.delete"
    DOWNLOAD_CREATE = "download.create"
    DOWNLOAD_UPDATE = "download.update"
    DOWNLOAD_APPROVE = "download.approve"
    DOWNLOAD_DELETE_SOFT = "download.delete_soft"
    DOWNLOAD_DELETE_HARD = "download.delete_hard"
    DOWNLOAD_TRANSFER = "download.transfer"
    DOWNLOAD_RESTORE = "download.restore"
    DOWNLOAD_FEATURE = "download.feature"
    LEGAL_HOLD_PLACE = "legal_hold.place"
    LEGAL_HOLD_LIFT = "legal_hold.lift"
    VERSION_CREATE = "version.create"
    VERSION_UPDATE = "version.update"
    VERSION_PUBLISH = "version.publish"
    VERSION_UNPUBLISH = "version.unpublish"
    VERSION_ARCHIVE = "version.archive"
    VERSION_UNARCHIVE = "version.unarchive"
    VERSION_YANK = "version.yank"
    VERSION_UNYANK = "version.unyank"
    VERSION_ACTIVATE = "version.activate"
    VERSION_MARK_SECURITY = "version.mark_security"
    VERSION_UNMARK_SECURITY = "version.unmark_security"
    VERSION_DELETE_SOFT = "version.delete_soft"
    VERSION_DELETE_HARD = "version.delete_hard"
    VERSION_RESTORE = "version.restore"
    IMPORT_CREATE = "import.create"
    IMPORT_UPDATE = "import.update"
    IMPORT_DELETE = "import.delete"
    IMPORT_RUN = "import.run"
    IMPORT_CANCEL = "import.cancel"
    FILE_CREATE = "file.create"
    FILE_UPDATE = "file.update"
    FILE_VALIDATE = "file.validate"
    FILE_REJECT = "file.reject"
    FILE_ACCEPT = "file.accept"
    FILE_DELETE_SOFT = "file.delete_soft"
    FILE_DELETE_HARD = "file.delete_hard"
    FILE_RESTORE = "file.restore"
    FILE_QUARANTINE = "file.quarantine"
    FILE_UNQUARANTINE = "file.unquarantine"
    PICTURE_ADD = "picture.add"
    PICTURE_UPDATE = "picture.update"
    PICTURE_REORDER = "picture.reorder"
    PICTURE_REMOVE = "picture.remove"
    COMMENT_CREATE = "comment.create"
    COMMENT_UPDATE = "comment.update"
    COMMENT_APPROVE = "comment.approve"
    COMMENT_DELETE_SOFT = "comment.delete_soft"
    COMMENT_DELETE_HARD = "comment.delete_hard"
    COMMENT_RESTORE = "comment.restore"
    REVIEW_CREATE = "review.create"
    REVIEW_UPDATE = "review.update"
    REVIEW_REPLY = "review.reply"
    REVIEW_APPROVE = "review.approve"
    REVIEW_DELETE_SOFT = "review.delete_soft"
    REVIEW_DELETE_HARD = "review.delete_hard"
    REVIEW_RESTORE = "review.restore"
    REPORT_CREATE = "report.create"
    REPORT_RESOLVE = "report.resolve"
    REPORT_DISMISS = "report.dismiss"
    MODERATION_APPROVE = "moderation.approve"
    MODERATION_REJECT = "moderation.reject"
    MODERATION_ASSIGN = "moderation.assign"
    UPLOAD_ABORT = "upload.abort"
    UPLOAD_FAIL = "upload.fail"
    STORAGE_RELINK = "storage.relink"
    RETENTION_RULE_CREATE = "retention_rule.create"
    RETENTION_RULE_UPDATE = "retention_rule.update"
    RETENTION_RULE_DELETE = "retention_rule.delete"
    HARD_DELETE_REFUSED = "hard_delete.refused"
    DOWNLOAD_REFUSED = "download.refused"
    TEAM_UPDATE = "team.update"
    TEAM_REMOVE = "team.remove"
    SHARE_CREATE = "share.create"
    SHARE_REMOVE = "share.remove"
    STORE_UPDATE = "store.update"
    STORE_REMOVE = "store.remove"
    ORGANIZATION_CREATE = "organization.create"
    ORGANIZATION_UPDATE = "organization.update"
    ORGANIZATION_DELETE = "organization.delete"
    MEMBER_ADD = "member.add"
    MEMBER_UPDATE = "member.update"
    MEMBER_REMOVE = "member.remove"
    INVITATION_CREATE = "invitation.create"
    INVITATION_ACCEPT = "invitation.accept"
    INVITATION_DECLINE = "invitation.decline"
    INVITATION_REVOKE = "invitation.revoke"
    ROLE_CREATE = "role.create"
    ROLE_UPDATE = "role.update"
    ROLE_DELETE = "role.delete"
    CHANNEL_CREATE = "channel.create"
    CHANNEL_UPDATE = "channel.update"
    CHANNEL_DELETE = "channel.delete"
    PLATFORM_CREATE = "platform.create"
    PLATFORM_UPDATE = "platform.update"
    PLATFORM_DELETE = "platform.delete"
    API_KEY_ISSUE = "api_key.issue"
    API_KEY_REVOKE = "api_key.revoke"
    ACCESS_KEY_ISSUE = "access_key.issue"
    ACCESS_KEY_REVOKE = "access_key.revoke"
    ENDPOINT_CREATE = "endpoint.create"
    ENDPOINT_UPDATE = "endpoint.update"
    ENDPOINT_DELETE = "endpoint.delete"
    ENDPOINT_PAUSE = "endpoint.pause"
    ENDPOINT_RESUME = "endpoint.resume"
    ENDPOINT_DISABLE = "endpoint.disable"
    ENDPOINT_ROTATE_SECRET = "endpoint.rotate_secret"  # noqa: S105 - not a secret
    ENDPOINT_TEST = "endpoint.test"
    ENDPOINT_REPLAY = "endpoint.replay"
    SIGN_IN = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_OUT = "sign_out"
    SECOND_FACTOR_ADD = "second_factor.add"
    SECOND_FACTOR_REMOVE = "second_factor.remove"
    SECOND_FACTOR_RESET = "second_factor.reset"
    COMPANY_CONNECT = "company_account.connect"
    COMPANY_DISCONNECT = "company_account.disconnect"
    ONE_TIME_LINK_CREATE = "one_time_link.create"
    ONE_TIME_LINK_USE = "one_time_link.use"
    PERSONAL_DATA_EXPORT = "personal_data.export"
    USER_CREATE = "user.create"
    USER_UPDATE = "user.update"
    USER_PASSWORD = "user.password"  # noqa: S105 - not a secret
    USER_ANONYMIZE = "user.anonymize"
    USER_DISABLE = "user.disable"
    USER_ENABLE = "user.enable"
    USER_SIGN_OUT = "user.sign_out"
    USER_TRANSFER = "user.transfer"
    USER_MERGE = "user.merge"
    USER_DELETE = "user.delete"
    GROUP_CREATE = "group.create"
    GROUP_UPDATE = "group.update"
    GROUP_DELETE = "group.delete"
    LIST_EXPORT = "list.export"
    AUDIT_SINK_CREATE = "audit_sink.create"
    AUDIT_SINK_UPDATE = "audit_sink.update"
    AUDIT_SINK_DELETE = "audit_sink.delete"

    @property
    def is_refusal(self) -> bool:
        """Return whether the action is an attempt that was refused, so that nothing changed."""
        return self in {self.HARD_DELETE_REFUSED, self.DOWNLOAD_REFUSED, self.SIGN_IN_FAILED}

    @property
    def changes_public_pages(self) -> bool:
        """Return whether a page may look different to an anonymous visitor after this action."""
        return not self.is_refusal and self.partition(".")[0] in PUBLIC_SUBJECTS


def action_choices() -> list[tuple[str, str]]:
    """Return the choices of the model field. The field gets this function, so that a new action needs no migration."""
    return AuditAction.choices
