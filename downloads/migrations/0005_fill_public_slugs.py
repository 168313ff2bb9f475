from django.db import migrations
from django.db.models import Exists, OuterRef, Q


def fill(apps, schema_editor):
    """Slugs that outsiders can see today. Erased ones stay reserved."""
    PublicSlug = apps.get_model("downloads", "PublicSlug")
    Download = apps.get_model("downloads", "Download")
    opened = Q(visibility__in=["public", "members"])
    for name in ("Share", "StorePublication", "AccessKey"):
        opened |= Q(Exists(apps.get_model("downloads", name).objects.filter(download=OuterRef("pk"))))
    rows = Download.objects.filter(opened, state="visible").values_list("pk", "slug")
    PublicSlug.objects.bulk_create(
        [PublicSlug(slug=slug, download_id=pk) for pk, slug in rows.iterator()], batch_size=1000, ignore_conflicts=True
    )


class Migration(migrations.Migration):

    dependencies = [("downloads", "0004_public_slugs")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
