"""Publish a release with an asset with ghapi, and delete it again: TAG FILE."""

import asyncio
import json
import os
import sys

from ghapi.all import GhApi


async def main(tag: str, path: str) -> None:
    owner, repo = os.environ["HUB_REPOSITORY"].split("/")
    api = GhApi(owner=owner, repo=repo, gh_host=os.environ["HUB_API"], token=os.environ["HUB_TOKEN"])
    release = await api.create_release(tag, name="A title", body="Some notes", draft=True, files=[path])
    await api.repos.update_release(release.id, draft=False)
    latest = await api.repos.get_latest_release()
    tags = [ref.ref for ref in await api.list_tags()]
    assets = [asset.name for asset in latest.assets]
    await api.delete_release(latest)
    left = [row.tag_name for row in await api.repos.list_releases()]
    print(json.dumps({"tag": latest.tag_name, "assets": assets, "tags": tags, "left": left}))


asyncio.run(main(*sys.argv[1:]))
