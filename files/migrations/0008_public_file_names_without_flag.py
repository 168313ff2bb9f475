from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("files", "0007_fill_public_file_names")]

    operations = [migrations.RemoveField("publicfilename", "was_public")]
