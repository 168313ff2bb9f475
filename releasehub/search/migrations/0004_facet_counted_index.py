from django.db import migrations, models

from releasehub.core.index_operations import AddIndexConcurrently

INDEX = models.Index(fields=["download_id", "kind", "value", "label"], name="facet_counted")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("search", "0003_rebuild")]

    operations = [AddIndexConcurrently("facet", INDEX)]
