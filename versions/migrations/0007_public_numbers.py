import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("versions", "0006_history_index"), ("downloads", "0002_shares_know_their_maker")]

    operations = [
        migrations.RemoveConstraint("retirednumber", "retired_number_once"),
        migrations.RenameModel("RetiredNumber", "PublicNumber"),
        migrations.RenameField("publicnumber", "retired_at", "first_public_at"),
        migrations.RenameField("publicnumber", "moved_to", "version"),
        migrations.RenameField("publicnumber", "was_public", "was_open"),
        migrations.AlterField("publicnumber", "was_open", models.BooleanField(default=True)),
        migrations.AlterField(
            model_name="publicnumber",
            name="version",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="public_numbers", to="versions.version"),
        ),
        migrations.AlterField(
            model_name="publicnumber",
            name="download",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="public_numbers", to="downloads.download"),
        ),
        migrations.AddConstraint(
            "publicnumber",
            models.UniqueConstraint(fields=["download", "channel", "sort_key"], name="public_number_once"),
        ),
        migrations.AddIndex("publicnumber", models.Index(fields=["download", "number"], name="public_number_by_text")),
    ]
