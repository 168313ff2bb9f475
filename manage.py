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

    from releasehub.core.streams import prepare_streams

    prepare_streams()
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports Ctrl-C; without a traceback


if __name__ == "__main__":
    main()
