"""Signed positions in the chain of the audit log."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class ChainPosition(models.Model):
    """A signed position in the chain. The key of the signature is not in the database."""

    purpose: ClassVar[str]

    position = models.BigIntegerField(unique=True)
    chain_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    signature = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.position} {self.chain_hash}"


class AuditCheckpoint(ChainPosition):
    """A position up to which rows were pruned. Verification starts from its hash."""

    purpose = "checkpoint"

    class Meta:
        ordering = ["-position"]


class AuditHead(ChainPosition):
    """The end of the chain at a moment. Heads are exported, so that it is noticed if later rows are removed."""

    purpose = ""

    class Meta:
        ordering = ["-position"]


class AuditTip(ChainPosition):
    """The current end of the chain. There is one row, which the chainer updates in the transaction that adds rows."""

    purpose = "tip"


class AuditKeyEpoch(ChainPosition):
    """The last position that was chained by a release without a chain key. Newer hubs have no such row."""

    purpose = "epoch"
