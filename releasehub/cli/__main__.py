"""`python -m releasehub.cli`."""

from releasehub.cli import main

main()
