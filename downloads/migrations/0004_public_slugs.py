import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("downloads", "0003_access_key_created_by")]

    operations = [
        migrations.RenameModel("RetiredSlug", "PublicSlug"),
        migrations.RenameField("publicslug", "retired_at", "first_public_at"),
        migrations.RenameField("publicslug", "was_public", "was_open_to_all"),
        migrations.AlterField("publicslug", "was_open_to_all", models.BooleanField(default=False)),
        migrations.AddField(
            model_name="publicslug",
            name="download",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="public_slugs", to="downloads.download"),
        ),
    ]
