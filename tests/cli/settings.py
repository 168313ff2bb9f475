"""Settings of the hub that the tests of the command line run against: small parts, so that few bytes make many."""

from releasehub.settings.base import *

MIN_PART_BYTES = 1024
