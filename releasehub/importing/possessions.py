"""The imports of a user whose account is merged into another one.

They depend on the rights of the other user then, and their runs fail if the heir may not post versions.
"""

from releasehub.accounts.possessions import created_rows
from releasehub.audit.actions import AuditAction
from releasehub.importing.models import ImportSource

IMPORTS = created_rows(ImportSource, AuditAction.IMPORT_UPDATE, name="imports", label="imports that the user set up")
