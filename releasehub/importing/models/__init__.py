"""Sources of releases, the runs that import them, and what became of each release and file."""

from releasehub.importing.models.release import (
    FILE_FIELDS,
    MAX_KEY_CHARACTERS,
    MAX_PAGE_URL_CHARACTERS,
    MAX_REASON_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_URL_CHARACTERS,
    VERSION_FIELDS,
    ImportedFile,
    ImportedRelease,
)
from releasehub.importing.models.run import ImportRun
from releasehub.importing.models.source import ImportSource
