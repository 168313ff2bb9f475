"""The part of a personal export about downloads and teams."""

from typing import Any

from downloads.models import Download, TeamMember
from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS


def downloads_of(user: User) -> dict[str, Any]:
    owned = Download.objects.filter(owner=user).values("title", "slug", "created_at")
    teams = TeamMember.objects.filter(user=user).values("download__title", "created_at")
    return {"owned": list(owned[:MAX_EXPORTED_ROWS]), "teams": list(teams[:MAX_EXPORTED_ROWS])}
