"""Read the latest release of HUB_REPOSITORY with PyGithub, and print what it finds and the digests of the assets."""

import hashlib
import json
import os
import tempfile

from github import Auth, Github

token = os.environ.get("HUB_TOKEN")
hub = Github(base_url=os.environ["HUB_API"], auth=Auth.Token(token) if token else None)
repository = hub.get_repo(os.environ["HUB_REPOSITORY"])
release = repository.get_latest_release()
digests = {}
for asset in release.get_assets():
    with tempfile.NamedTemporaryFile() as target:
        asset.download_asset(target.name, chunk_size=65536)
        digests[asset.name] = hashlib.sha256(target.read()).hexdigest()
print(
    json.dumps(
        {
            "tag": release.tag_name,
            "by_tag": repository.get_release(release.tag_name).id == release.id,
            "count": repository.get_releases().totalCount,
            "private": repository.private,
            "digests": digests,
        }
    )
)
