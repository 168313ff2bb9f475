from django.db import migrations, models

from releasehub.core.index_operations import AddIndexConcurrently


class Migration(migrations.Migration):
    """Find a number in all channels of a download without reading every entry of its indexes."""

    atomic = False

    dependencies = [("versions", "0022_tag_name_index")]

    operations = [
        # Unlike the index that it replaces, this one includes deleted versions, which keep their numbers.
        AddIndexConcurrently("version", models.Index(fields=["download", "-sort_key", "-id"], name="version_ordered")),
        migrations.RemoveIndex("version", name="version_history"),
        AddIndexConcurrently("publicnumber", models.Index(fields=["download", "sort_key"], name="public_number_by_key")),
    ]
