"""Publish a release with one asset with PyGithub, change it, and print what the hub answers: TAG FILE."""

import json
import os
import sys

from github import Auth, Github, GithubException

tag, path = sys.argv[1:]
hub = Github(base_url=os.environ["HUB_API"], auth=Auth.Token(os.environ["HUB_TOKEN"]))
repository = hub.get_repo(os.environ["HUB_REPOSITORY"])
draft = repository.create_git_release(tag, "A title", "Some notes", draft=True)
asset = draft.upload_asset(path, label="The tool", content_type="application/zip")
published = draft.update_release("Another title", "Other notes", draft=False)
try:
    again = repository.create_git_release(tag, "", "").id
except GithubException as error:
    again = error.data["errors"][0]["code"]
print(
    json.dumps(
        {
            "label": asset.label,
            "digest": asset.digest if hasattr(asset, "digest") else asset.raw_data["digest"],
            "title": published.title,
            "draft": published.draft,
            "again": again,
            "login": hub.get_user().login,
        }
    )
)
