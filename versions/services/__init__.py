"""Use cases that concern only versions and their labels.

The state and the flags of a version are changed by `releasehub.publishing.lifecycle`, because that involves files.
"""

from versions.services.labels import create_label, delete_label, update_label
from versions.services.locking import lock_version, tally_changes
from versions.services.writing import build_version, update_version
