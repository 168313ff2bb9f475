from django.db import migrations
from django.db.models import F


def hide_reasons(apps, schema_editor):
    """Reasons of deletions that outsiders could not read are not told now that the names answer 410."""
    apps.get_model("files", "PublicFileName").objects.filter(was_public=False).update(reason="")


def fill(apps, schema_editor):
    """Names of the offered files of all versions that were ever published; a live file wins over a deleted one."""
    PublicFileName = apps.get_model("files", "PublicFileName")
    File = apps.get_model("files", "File")
    _prefer_live_files(PublicFileName, File)
    offered = File.objects.filter(version__published_at__isnull=False, validation_status="passed")
    batch = []
    for file in offered.select_related("blob").order_by(F("deleted_at").desc(nulls_first=True), "-pk").iterator(1000):
        batch.append(
            PublicFileName(
                version_id=file.version_id,
                folded_name=file.folded_name,
                filename=file.filename,
                sha256=file.blob.sha256 if file.blob else file.external_sha256,
                external_url="" if file.blob else file.external_url,
            )
        )
        if len(batch) == 1000:
            PublicFileName.objects.bulk_create(batch, ignore_conflicts=True)
            batch = []
    PublicFileName.objects.bulk_create(batch, ignore_conflicts=True)


def _prefer_live_files(PublicFileName, File):
    """Where a name was used again before it was protected, what is offered now is what it stands for."""
    for row in PublicFileName.objects.iterator():
        live = File.objects.filter(
            version=row.version_id, folded_name=row.folded_name, deleted_at=None, validation_status="passed"
        )
        file = live.select_related("blob").first()
        if file is not None:
            row.sha256 = file.blob.sha256 if file.blob else file.external_sha256
            row.external_url = "" if file.blob else file.external_url
            row.save(update_fields=["sha256", "external_url"])


class Migration(migrations.Migration):

    dependencies = [("files", "0006_public_file_names"), ("versions", "0008_fill_public_numbers")]

    operations = [
        migrations.RunPython(hide_reasons, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
