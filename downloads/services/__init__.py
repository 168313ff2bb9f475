"""Use cases of categories and downloads.

`releasehub.publishing.deletion` deletes downloads, because their versions and files have to go with them.
"""

from downloads.services.categories import create_category, delete_category, lock_category, update_category
from downloads.services.downloads import create_download, update_download
from downloads.services.entities import create_entity, entity_category, publish_entity, withdraw_entity
from downloads.services.featuring import feature_download, unfeature_download
from downloads.services.holding import lift_hold, place_hold
from downloads.services.invitations import pending_invitations_of_download, with_required_organization
from downloads.services.locking import lock_download, lock_downloads, lock_with_download
from downloads.services.ownership import transfer_download
from downloads.services.people import (
    publish_to_store,
    remove_team_member,
    set_team_member,
    share_download,
    withdraw_from_store,
)
from downloads.services.preconditions import ADMINISTRATORS_FIELDS
from downloads.services.prefixes import create_prefix, delete_prefix, update_prefix
from downloads.services.publishers import add_publisher, is_publisher, publishers_of, remove_publisher
from downloads.services.sharing import find_targets, remove_share, share_with, visible_shares
from downloads.services.states import approve_download, mark_download_deleted, restore_download
