from downloads.models.access import AccessKey, Share, StorePublication, TeamMember
from downloads.models.category import Category
from downloads.models.download import Download, RetiredSlug

__all__ = ["AccessKey", "Category", "Download", "RetiredSlug", "Share", "StorePublication", "TeamMember"]
