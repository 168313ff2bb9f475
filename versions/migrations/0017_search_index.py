
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('downloads', '0022_search_index'),
        ('versions', '0016_waiting_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='version',
            index=models.Index(fields=['number'], name='version_number'),
        ),
    ]
