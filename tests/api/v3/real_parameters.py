from typing import Any

from files.models import File
from releasehub.core.actor import Actor, system_actor
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from versions.models import NamedChannel, NamedPlatform
from versions.services import create_label

PREFIXES = ("/v3/",)


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the ids of existing rows."""
    version, download = file.version, file.version.download
    if "{filename}" in operation or operation.endswith("/v3/{release_id}"):
        return {"account_id": download.owner.public_id, "release_id": version.public_id, "filename": file.filename}
    models = {"release-channels": NamedChannel, "release-platforms": NamedPlatform}
    for part, model in models.items():
        if part in operation:
            actor, downloads = Actor(user=download.owner), [download]
            label = create_label(actor=actor, model=model, name="x", display_name="X", downloads=downloads)
            return {"public_id": label.public_id}
    if "/webhook" in operation:
        endpoint = create_endpoint(actor=system_actor(), url="https://93.184.215.14/hook", format="v3")[0]
        delivery = send_test_event(actor=system_actor(), endpoint=endpoint)
        return {"public_id": delivery.webhook_id if "-logs" in operation else endpoint.public_id}
    rows: dict[str, Any] = {"/releases": version, "/release-files": file, "/products": download}
    return next(({"public_id": row.public_id} for part, row in rows.items() if part in operation), {})
