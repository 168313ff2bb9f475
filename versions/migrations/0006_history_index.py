
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('downloads', '0002_shares_know_their_maker'),
        ('versions', '0005_named_channels_platforms'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='version',
            index=models.Index(condition=models.Q(('deleted_at__isnull', True)), fields=['download', '-sort_key', '-id'], name='version_history'),
        ),
    ]
