"""Use cases of files: add, link, change and restore them. `releasehub.publishing.deletion` deletes them."""

from files.services.adding import add_file
from files.services.editing import restore_file, update_file
from files.services.linking import link_file
from files.services.locking import count_files, lock_file, offer_file
from files.services.preconditions import (
    authorize_upload,
    check_asset_name,
    check_new_file,
    check_not_sealed,
    check_takes_files,
    same_file,
    upload_limit,
)
