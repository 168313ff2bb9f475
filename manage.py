#!/usr/bin/env python
"""Command line of ReleaseHub: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    # Python does not add this folder with PYTHONSAFEPATH or -P.
    if (folder := os.path.dirname(os.path.realpath(__file__))) not in sys.path:
        sys.path.insert(0, folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
    from django.core.management import execute_from_command_line

    from releasehub.core.database_errors import OUTAGES
    from releasehub.core.streams import prepare_streams

    prepare_streams()
    os.umask(os.umask(0o002) | 0o002)  # others must not change what a command creates, such as the static files
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports Ctrl-C; without a traceback
    except OUTAGES as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(
            f"The database could not be used. Cause: {error}\nCheck DATABASE_URL and that the database is running. If "
            "tables are missing, run: python manage.py migrate. For details, add --traceback to the command."
        )


if __name__ == "__main__":
    main()
