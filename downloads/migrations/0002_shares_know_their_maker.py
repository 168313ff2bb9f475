import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import releasehub.core.models


def give_ids(apps, schema_editor):
    Share = apps.get_model("downloads", "Share")
    for share in Share.objects.filter(public_id=None).iterator():
        share.public_id = releasehub.core.models.new_public_id()
        share.save(update_fields=["public_id"])


class Migration(migrations.Migration):

    dependencies = [
        ("downloads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="share",
            name="created_by",
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="shares_made", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="share",
            name="public_id",
            field=models.CharField(editable=False, max_length=24, null=True),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="share",
            name="public_id",
            field=models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True),
        ),
    ]
