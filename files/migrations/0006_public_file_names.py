import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("files", "0005_packages_and_icons")]

    operations = [
        migrations.RemoveConstraint("retiredfilename", "retired_file_name_once"),
        migrations.RenameModel("RetiredFileName", "PublicFileName"),
        migrations.RenameField("publicfilename", "retired_at", "first_public_at"),
        migrations.AlterField("publicfilename", "was_public", models.BooleanField(default=True)),
        migrations.AlterField(
            model_name="publicfilename",
            name="version",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="public_names", to="versions.version"),
        ),
        migrations.AddField("publicfilename", "external_url", models.CharField(blank=True, default="", max_length=2048), preserve_default=False),
        migrations.AddConstraint(
            "publicfilename",
            models.UniqueConstraint(fields=["version", "folded_name"], name="public_file_name_once"),
        ),
    ]
