from django.db import migrations


def keep_published_primaries(apps, schema_editor):
    """Treat the primary file of a published version as chosen, so that the new rule moves nothing that is out."""
    File = apps.get_model("files", "File")
    rows = File.objects.filter(is_primary=True, deleted_at=None, version__published_at__isnull=False)
    rows.update(is_primary_choice=True)


class Migration(migrations.Migration):
    dependencies = [("files", "0009_file_primary_choice")]

    operations = [migrations.RunPython(keep_published_primaries, migrations.RunPython.noop)]
