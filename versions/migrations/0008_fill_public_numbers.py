from django.db import migrations

COLUMNS = ("download_id", "channel", "sort_key", "number")


def fill(apps, schema_editor):
    """Numbers of all versions that were ever published: whether outsiders saw one was not recorded until now."""
    PublicNumber = apps.get_model("versions", "PublicNumber")
    Version = apps.get_model("versions", "Version")
    batch = []
    for pk, *values in Version.objects.filter(published_at__isnull=False).values_list("pk", *COLUMNS).iterator():
        batch.append(PublicNumber(version_id=pk, **dict(zip(COLUMNS, values, strict=True))))
        if len(batch) == 1000:
            PublicNumber.objects.bulk_create(batch, ignore_conflicts=True)
            batch = []
    PublicNumber.objects.bulk_create(batch, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [("versions", "0007_public_numbers")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
