"""Comments, reviews and reports of users."""

from releasehub.settings.environment import env

env.section = "Comments, reviews and reports"

COMMENT_RETENTION_DAYS = env.number(
    "RELEASEHUB_COMMENT_RETENTION_DAYS",
    30,
    minimum=1,
    maximum=365,
    help="The same for comments. Deleted reviews follow `RELEASEHUB_RETENTION_DAYS`",
)
COMMENT_GRACE_MINUTES = env.number(
    "RELEASEHUB_COMMENT_GRACE_MINUTES",
    0,
    help=(
        "Minutes in which authors can correct a comment or review without it being shown as edited. The "
        "audit log records every change"
    ),
)
COMMENTS_PER_HOUR = env.number(
    "RELEASEHUB_COMMENTS_PER_HOUR",
    20,
    help="Comments and reviews that one user can write or change in an hour; `0`: no limit",
)
DOWNLOAD_COMMENTS_PER_HOUR = env.number(
    "RELEASEHUB_DOWNLOAD_COMMENTS_PER_HOUR",
    200,
    help="Comments and reviews about one download by all users together, in an hour; `0`: no limit",
)
ANONYMOUS_REPORTS = env.flag(
    "RELEASEHUB_ANONYMOUS_REPORTS",
    default=False,
    help="`1`: visitors without an account can report downloads and texts, too",
)
REPORTS_PER_HOUR = env.number(
    "RELEASEHUB_REPORTS_PER_HOUR",
    10,
    help="Reports of one user, or of one network without an account, in an hour; `0`: no limit",
)
DOWNLOAD_REPORTS_PER_HOUR = env.number(
    "RELEASEHUB_DOWNLOAD_REPORTS_PER_HOUR",
    50,
    help="Reports about one download of all visitors together in an hour; `0`: no limit",
)
REPORT_RETENTION_DAYS = env.number(
    "RELEASEHUB_REPORT_RETENTION_DAYS", 180, help="Days after which closed reports are deleted; `0`: never"
)
MAX_COMMENT_CHARACTERS = env.number(
    "RELEASEHUB_MAX_COMMENT_CHARACTERS",
    10_000,
    minimum=1,
    maximum=65_535,
    help="The longest comment, at most 65,535 characters",
)
MAX_REVIEW_CHARACTERS = env.number(
    "RELEASEHUB_MAX_REVIEW_CHARACTERS", 10_000, minimum=1, maximum=65_535, help="The longest text of a review"
)
MIN_REVIEW_CHARACTERS = env.number(
    "RELEASEHUB_MIN_REVIEW_CHARACTERS", 0, help="The shortest text of a review; `0`: a rating needs no text"
)
