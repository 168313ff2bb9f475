"""English dates and times, with the day before the month and 24 hours, which readers of all countries understand."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y H:i"
