
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('backoffice', '0001_saved_filters'),
    ]

    operations = [
        migrations.AlterField(
            model_name='savedfilter',
            name='query',
            field=models.CharField(blank=True, max_length=2000),
        ),
    ]
