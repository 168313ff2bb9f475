from django.db import migrations
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest


def fill(apps, schema_editor):
    """Listed versions are as old as their publication, or as the newest file that was added after it."""
    Version = apps.get_model("versions", "Version")
    File = apps.get_model("files", "File")
    offered = File.objects.filter(version=OuterRef("pk"), validation_status="passed", deleted_at=None)
    newest = offered.order_by().values("version").annotate(newest=Max("created_at")).values("newest")
    listed = Version.objects.filter(
        state__in=["published", "archived"], visibility="listed", deleted_at=None, published_at__isnull=False
    )
    listed.update(public_since=Greatest(F("published_at"), Coalesce(Subquery(newest), F("published_at"))))


class Migration(migrations.Migration):
    dependencies = [("files", "0021_pending_files"), ("versions", "0020_cooldown")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
