"""Entry point of `python -m releasehub_cli`."""

from releasehub_cli import main

main()
