"""The models of the audit log."""

from releasehub.audit.models.chain_positions import AuditCheckpoint, AuditHead, AuditKeyEpoch, AuditTip, ChainPosition
from releasehub.audit.models.entry import AppendOnlyError, AuditEntry, AuditQuerySet
from releasehub.audit.models.sink import AuditSink
