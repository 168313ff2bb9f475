"""Stored responses for repeated requests."""

from django.db import models
from django.utils import timezone


class IdempotentAnswer(models.Model):
    """The response to an `Idempotency-Key` of a caller on a route, committed together with the change.

    `standings` are the roles that the caller had on the changed objects. The response is only returned again while the
    caller still has them.
    """

    caller = models.CharField(max_length=80)
    route = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    standings = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "route", "key"], name="idempotent_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
