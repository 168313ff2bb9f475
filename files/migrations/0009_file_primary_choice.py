from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("files", "0008_public_file_names_without_flag")]

    operations = [
        migrations.AddField(
            model_name="file",
            name="is_primary_choice",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
