from downloads.models.access import AccessKey, Share, StorePublication, TeamMember
from downloads.models.category import Category
from downloads.models.download import Download, PublicSlug

__all__ = ["AccessKey", "Category", "Download", "PublicSlug", "Share", "StorePublication", "TeamMember"]
