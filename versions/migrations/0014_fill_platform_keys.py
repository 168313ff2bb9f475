"""Fill the keys of declared platforms, whose names were stored in lower case until now."""

from django.db import migrations


def fill_platform_keys(apps, schema_editor):
    """Update all versions with the same platforms at once: a hub has few different lists, and many versions."""
    Version = apps.get_model("versions", "Version")
    rows = Version._base_manager.exclude(platforms=[]).order_by()
    for platforms in rows.values_list("platforms", flat=True).distinct():
        keys = sorted({str(name) for name in platforms})
        rows.filter(platforms=platforms).update(platform_keys=keys, first_platform=keys[0][:256])


class Migration(migrations.Migration):
    dependencies = [("versions", "0013_one_version_per_platform")]
    operations = [migrations.RunPython(fill_platform_keys, migrations.RunPython.noop)]
