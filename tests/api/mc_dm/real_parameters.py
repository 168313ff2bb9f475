from typing import Any

from files.models import File
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from tests.factories import make_comment, system

PREFIXES = ("/api/mc-dm-",)
HOOK = "https://93.184.215.14/hook"  # only validated, never connected to


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the ids of existing rows."""
    if "webhooks" in operation:
        endpoint, _ = create_endpoint(actor=system(), url=HOOK, download_id=file.version.download_id)
        delivery = send_test_event(actor=system(), endpoint=endpoint)
        return {"id": endpoint.pk, "delivery_id": delivery.webhook_id}
    if "comments" in operation:
        return {"id": make_comment(file.version.download).pk}
    rows = {"files": file, "versions": file.version, "downloads": file.version.download}
    rows["categories"] = file.version.download.category
    return next(({"id": row.pk} for part, row in rows.items() if part in operation), {})
