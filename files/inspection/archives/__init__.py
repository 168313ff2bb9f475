"""Checks of zip and tar archives: unsafe names and links, decompression bombs, and members that are hidden.

Nothing is written to disk, and an archive inside another archive is not opened.
"""

from files.inspection.archives.inspector import depends_on_name, has_unusual_form, inspect_archive, is_packed
from files.inspection.archives.report import DEFAULT_LIMITS, QUICK_LIMITS, ArchiveLimits, TooManySteps
