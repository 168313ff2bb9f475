"""The webhook endpoints of a user whose account is merged into another one.

They depend on the rights of the other user then, and stop if the heir may not manage them.
"""

from releasehub.accounts.possessions import created_rows
from releasehub.audit.actions import AuditAction
from releasehub.webhooks.models import Endpoint

ENDPOINTS = created_rows(
    Endpoint, AuditAction.ENDPOINT_UPDATE, name="endpoints", label="webhook endpoints that the user created"
)
