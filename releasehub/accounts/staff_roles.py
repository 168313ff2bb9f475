"""The ready-made roles of staff, which a new hub has as groups.

A role is a group like any other: the site may rename it, change its permissions or delete it. `create_staff_roles` runs
after every migration, and remembers what it has already given, so that it undoes none of that.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from releasehub.accounts.models import StaffRole

READ_RECORDS = (
    "audit.view_auditentry",
    "webhooks.view_endpoint",
    "webhooks.view_event",
    "webhooks.view_delivery",
    "files.view_blob",
    "files.view_uploadsession",
    "files.view_downloadday",
    "files.view_publicfilename",
    "versions.view_publicnumber",
    "downloads.view_publicslug",
    "publishing.view_retentionrun",
)
ROLES: dict[str, tuple[str, ...]] = {
    "Moderator": ("downloads.moderate_download", "audit.view_auditentry"),
    "Support": (
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.view_organization",
        "accounts.change_organization",
        "accounts.view_invitation",
        "apikeys.view_apikey",
        "apikeys.delete_apikey",
    ),
    "Auditor": (
        *READ_RECORDS,
        "downloads.view_download",
        "downloads.view_legalhold",
        "accounts.view_user",
        "accounts.view_organization",
        "accounts.view_invitation",
        "auth.view_group",
        "apikeys.view_apikey",
        "community.view_report",
        "operations.view_backuprun",
    ),
    "Operator": (
        "operations.view_backuprun",
        "webhooks.change_endpoint",
        "webhooks.view_endpoint",
        "webhooks.view_event",
        "webhooks.view_delivery",
        "downloads.view_download",
        "downloads.view_legalhold",
        "downloads.hard_delete_download",
        "downloads.hold_download",
        "publishing.change_retentionrule",
        "publishing.view_retentionrun",
        "files.view_blob",
        "files.change_blob",
        "files.view_uploadsession",
        "files.view_downloadday",
    ),
}


@transaction.atomic
def create_staff_roles() -> None:
    """Create the groups that the hub never had, and give all groups the permissions that are new in their role.

    A group of the site that already has the name of a role is left alone.
    """
    known = {role.name: role for role in StaffRole.objects.select_related("group")}
    if all(name in known and set(known[name].given) >= set(ROLES[name]) for name in ROLES):
        return
    taken = set(Group.objects.filter(name__in=ROLES).values_list("name", flat=True))
    for name, permissions in ROLES.items():
        role = known.get(name) or _create(name, is_taken=name in taken)
        new = sorted(set(permissions) - set(role.given))
        if new and role.group is not None:
            _give(role.group, new, is_upgrade=name in known)
        role.given = sorted({*role.given, *permissions})
        role.save()


def _create(name: str, *, is_taken: bool) -> StaffRole:
    # `bulk_create` sends no signal, so the audit log does not show the groups of a new hub as a change.
    group = None if is_taken else Group.objects.bulk_create([Group(name=name)])[0]
    return StaffRole(name=name, group=group)


def _give(group: Group, names: list[str], *, is_upgrade: bool) -> None:
    permissions = _permissions(names)
    if is_upgrade:
        group.permissions.add(*permissions)  # its signal writes the audit row
        return
    through = Group.permissions.through
    through.objects.bulk_create(through(group=group, permission=permission) for permission in permissions)


def _permissions(names: list[str]) -> QuerySet[Permission]:
    condition = Q()
    for app, _, codename in (name.partition(".") for name in names):
        condition |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(condition)
