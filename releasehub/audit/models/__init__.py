"""The models of the audit log."""

from releasehub.audit.models.entry import AppendOnlyError, AuditEntry, AuditQuerySet
from releasehub.audit.models.places import AuditCheckpoint, AuditHead, AuditKeyEpoch, AuditTip, ChainPlace
from releasehub.audit.models.sink import AuditSink

__all__ = [
    "AppendOnlyError",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "AuditKeyEpoch",
    "AuditQuerySet",
    "AuditSink",
    "AuditTip",
    "ChainPlace",
]
