import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('apikeys', '0001_initial'), ('apikeys', '0002_plain_labels'), ('apikeys', '0003_foreign_names'), ('apikeys', '0004_search_index')]

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=100)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('prefix', models.CharField(editable=False, max_length=8)),
                ('scopes', models.JSONField(blank=True, default=list)),
                ('download_ids', models.JSONField(blank=True, default=list, verbose_name='download IDs')),
                ('is_super_user', models.BooleanField(default=False, verbose_name='super-user key')),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
                ('foreign_scopes', models.JSONField(db_default=[], default=list, editable=False)),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['prefix'], name='api_key_prefix')],
            },
        ),
    ]
