"""Fill the keys of declared platforms, whose names were stored in lower case until now."""

from django.db import migrations

BATCH = 500


def fill_platform_keys(apps, schema_editor):
    Version = apps.get_model("versions", "Version")
    rows = Version._base_manager.exclude(platforms=[]).only("platforms").iterator(chunk_size=BATCH)
    batch = []
    for version in rows:
        version.platform_keys = sorted({str(name) for name in version.platforms})
        version.first_platform = version.platform_keys[0][:256]
        batch.append(version)
        if len(batch) == BATCH:
            Version._base_manager.bulk_update(batch, ["platform_keys", "first_platform"])
            batch = []
    if batch:
        Version._base_manager.bulk_update(batch, ["platform_keys", "first_platform"])


class Migration(migrations.Migration):
    dependencies = [("versions", "0013_one_version_per_platform")]
    operations = [migrations.RunPython(fill_platform_keys, migrations.RunPython.noop)]
