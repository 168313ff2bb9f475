"""German dates and times."""

DATE_FORMAT = "j. F Y"
DATETIME_FORMAT = "j. F Y H:i"
THOUSAND_SEPARATOR = "."
