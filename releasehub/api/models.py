"""Answers kept for repeated requests."""

from django.db import models
from django.utils import timezone


class IdempotentAnswer(models.Model):
    """The answer to one `Idempotency-Key` of one caller on one route, committed together with the change."""

    caller = models.CharField(max_length=80)
    route = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "route", "key"], name="idempotent_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
