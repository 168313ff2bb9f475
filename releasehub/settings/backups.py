"""The passphrase of backups."""

from releasehub.settings.environment import env

env.section = "Backups"

BACKUP_PASSPHRASE = env.text(
    "RELEASEHUB_BACKUP_PASSPHRASE",
    help="The passphrase that encrypts [backups](operating.md#back-up), at least 12 characters",
    secret=True,
)
BACKUP_PASSPHRASE_FILE = env.text(
    "RELEASEHUB_BACKUP_PASSPHRASE_FILE", help="Path of a file with the passphrase in its first line"
)
