from django.db import migrations


def rebuild(apps, schema_editor):
    # The background task indexes all downloads again, with their facets. Searches work meanwhile.
    apps.get_model('search', 'SearchCursor').objects.update(built_id=0)


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0002_facet'),
    ]

    operations = [
        migrations.RunPython(rebuild, migrations.RunPython.noop),
    ]
