"""Answers kept for repeated requests."""

from django.db import models
from django.utils import timezone


class IdempotentAnswer(models.Model):
    """The answer to one `Idempotency-Key` of one caller on one route, committed together with the change.

    `standings`: the roles the caller had on what the request changed; the answer is given again while they last.
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
