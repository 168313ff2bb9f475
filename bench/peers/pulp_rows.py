"""Rows of Pulp: a repository with files, its publication, and a session. `pulpcore-manager shell` runs this program.

PULP_SMALL, PULP_LARGE and PULP_ROWS name two files and the number of content units. It prints JSON.
"""

import json
import os

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from pulp_file.app.models import FileContent, FileDistribution, FilePublication, FileRepository
from pulpcore.app.contexts import with_task_context
from pulpcore.plugin.models import Artifact, ContentArtifact, Task


def stored(path: str, name: str) -> FileContent:
    """Store the file, and return a content unit with that name."""
    artifact = Artifact.init_and_validate(path)
    artifact.save()
    return unit(artifact, name)


def unit(artifact: Artifact, name: str) -> FileContent:
    content = FileContent(relative_path=name, digest=artifact.sha256)
    content.save()
    ContentArtifact.objects.create(artifact=artifact, content=content, relative_path=name)
    return content


def session() -> str:
    rights = {"is_superuser": True, "is_staff": True}
    user, _ = get_user_model().objects.get_or_create(username="admin", defaults=rights)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


with transaction.atomic():
    small = stored(os.environ["PULP_SMALL"], "small.bin")
    large = stored(os.environ["PULP_LARGE"], "large.bin")
    artifact = small.contentartifact_set.get().artifact
    for number in range(int(os.environ["PULP_ROWS"])):
        unit(artifact, f"tool-1.{number}.0.zip")
    repository = FileRepository.objects.create(name="benchmark")
    # Versions and publications record the task that created them, and the worker runs no task for this program.
    task = Task.objects.create(name="benchmark", logging_cid="", state="completed")
    with with_task_context(task):
        with repository.new_version() as version:
            version.add_content(FileContent.objects.all())
        with FilePublication.create(repository.latest_version(), pass_through=True) as publication:
            publication.manifest = "PULP_MANIFEST"
            publication.save()
    FileDistribution.objects.create(name="benchmark", base_path="benchmark", publication=publication)
print(json.dumps({"session": session(), "unit": str(small.pk)}))
