"""Call everything that githubkit knows of releases. It validates each answer against GitHub's schema: TAG FILE."""

import json
import os
import sys
from pathlib import Path

from githubkit import GitHub
from githubkit.exception import RequestFailed

tag, path = sys.argv[1], Path(sys.argv[2])
owner, repo = os.environ["HUB_REPOSITORY"].split("/")
hub = GitHub(os.environ["HUB_TOKEN"], base_url=os.environ["HUB_API"] + "/")
repos = hub.rest.repos
parsed = []


def check(call, *arguments, **members):
    answer = call(*arguments, **members)
    data = answer.parsed_data
    parsed.append(call.__name__)
    return data


check(hub.rest.users.get_authenticated)
check(hub.rest.rate_limit.get)
check(hub.rest.meta.get)
check(repos.get, owner, repo)
draft = check(repos.create_release, owner, repo, tag_name=tag, name="A title", body="Some notes", draft=True)
asset = check(
    repos.upload_release_asset, owner, repo, draft.id, name=path.name, label="The tool", data=path.read_bytes()
)
check(repos.update_release_asset, owner, repo, asset.id, label="A tool")
check(repos.get_release_asset, owner, repo, asset.id)
check(repos.list_release_assets, owner, repo, draft.id)
check(repos.list_releases, owner, repo)
published = check(repos.update_release, owner, repo, draft.id, draft=False)
check(repos.get_latest_release, owner, repo)
check(repos.get_release_by_tag, owner, repo, tag)
check(repos.get_release, owner, repo, published.id)
check(repos.generate_release_notes, owner, repo, tag_name="v9.9.9", previous_tag_name=tag)
check(repos.list_tags, owner, repo)
check(hub.rest.git.get_ref, owner, repo, f"tags/{tag}")
check(hub.rest.git.list_matching_refs, owner, repo, "tags/")
errors = {}
for name, call in {
    "unknown": lambda: repos.get_release(owner, repo, 2**40),
    "taken": lambda: repos.create_release(owner, repo, tag_name=tag),
    "invalid": lambda: repos.create_release(owner, repo, tag_name=""),
}.items():
    try:
        call()
    except RequestFailed as error:
        envelope = error.response.parsed_data  # a 422 has a schema, too
        message = envelope["message"] if isinstance(envelope, dict) else envelope.message
        errors[name] = [error.response.status_code, message]
repos.delete_release(owner, repo, published.id)
print(json.dumps({"parsed": parsed, "draft": published.draft, "digest": asset.digest, "errors": errors}))
