from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("importing", "0002_fields_of_versions_and_files")]

    operations = [
        migrations.AddField(model_name="importedfile", name="sends_token", field=models.BooleanField(default=False)),
    ]
