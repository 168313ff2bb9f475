"""The models of the app `downloads`."""

from downloads.models.access import Share, StorePublication, TeamMember
from downloads.models.access_key import AccessKey, AccessKeyUse
from downloads.models.category import Category
from downloads.models.download import Download, PublicSlug
from downloads.models.hold import LegalHold
from downloads.models.page_view import PageView
from downloads.models.prefix import Prefix
