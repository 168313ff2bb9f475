"""A role of staff."""

from django.db import models


class StaffRole(models.Model):
    """A record of what the hub has done for one of the roles in `staff_roles.py`.

    Attributes:
        group: The group that the hub created. Null if the site deleted it, or had a group with that name before.
        given: The permissions that the hub has given to the group. The site may have taken some away.
    """

    name = models.CharField(max_length=50, unique=True)
    group = models.OneToOneField("auth.Group", null=True, on_delete=models.SET_NULL, related_name="staff_role")
    given = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name
