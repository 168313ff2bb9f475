
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0014_index_by_download'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['request_id'], name='audit_request'),
        ),
    ]
