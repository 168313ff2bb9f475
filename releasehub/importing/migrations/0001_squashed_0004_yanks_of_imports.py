import django.db.models.deletion
import django.utils.timezone
import releasehub.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('importing', '0001_sources_and_runs'), ('importing', '0002_fields_of_versions_and_files'), ('importing', '0003_tokens_of_files'), ('importing', '0004_yanks_of_imports')]

    initial = True

    dependencies = [
        ('downloads', '0023_slugs_in_any_case'),
        ('files', '0021_pending_files'),
        ('versions', '0018_tags'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('kind', models.CharField(max_length=30)),
                ('address', models.CharField(max_length=500)),
                ('api_url', models.CharField(blank=True, max_length=500, verbose_name='URL of the API')),
                ('options', models.JSONField(blank=True, default=dict)),
                ('sealed_token', models.TextField(blank=True, editable=False)),
                ('runs_as_system', models.BooleanField(default=False, editable=False)),
                ('has_prereleases', models.BooleanField(default=True, verbose_name='with pre-releases')),
                ('has_drafts', models.BooleanField(default=False, verbose_name='with drafts')),
                ('newest_only', models.PositiveIntegerField(blank=True, null=True, verbose_name='newest releases only')),
                ('when_removed', models.CharField(choices=[('keep', 'Keep its version'), ('yank', 'Yank its version')], default='keep', max_length=10, verbose_name='if a release is removed there')),
                ('sync_hours', models.PositiveSmallIntegerField(default=0, verbose_name='hours between synchronizations')),
                ('next_sync_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_sources', to='downloads.download')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('next_sync_at__isnull', False)), fields=['next_sync_at'], name='import_source_due')],
                'constraints': [models.UniqueConstraint(fields=('download', 'kind', 'address', 'api_url'), name='import_source_once'), models.CheckConstraint(condition=models.Q(('when_removed__in', ['keep', 'yank'])), name='import_when_removed')],
                'verbose_name': 'import',
            },
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed'), ('canceled', 'Canceled')], default='queued', max_length=10)),
                ('is_dry_run', models.BooleanField(default=False, verbose_name='dry run')),
                ('listed_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True)),
                ('not_before', models.DateTimeField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('lease_token', models.CharField(blank=True, editable=False, max_length=32)),
                ('cancel_requested_at', models.DateTimeField(editable=False, null=True)),
                ('interruptions', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('message', models.CharField(blank=True, editable=False, max_length=1000)),
                ('listed_count', models.PositiveIntegerField(default=0, editable=False)),
                ('created_count', models.PositiveIntegerField(default=0, editable=False)),
                ('updated_count', models.PositiveIntegerField(default=0, editable=False)),
                ('failed_count', models.PositiveIntegerField(default=0, editable=False)),
                ('fetched_count', models.PositiveIntegerField(default=0, editable=False)),
                ('fetched_bytes', models.PositiveBigIntegerField(default=0, editable=False)),
                ('started_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='importing.importsource')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['source', '-id'], name='import_runs_of_source'), models.Index(condition=models.Q(('finished_at__isnull', True)), fields=['id'], name='import_run_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'waiting', 'done', 'failed', 'canceled'])), name='import_run_state'), models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('source',), name='import_one_run_at_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportedRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('position', models.PositiveIntegerField(default=0)),
                ('tag', models.CharField(blank=True, max_length=255)),
                ('number', models.CharField(blank=True, max_length=255)),
                ('title', models.CharField(blank=True, max_length=255)),
                ('notes', models.TextField(blank=True)),
                ('channel', models.CharField(blank=True, max_length=256)),
                ('is_prerelease', models.BooleanField(default=False)),
                ('is_draft', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField(null=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('author', models.CharField(blank=True, max_length=255)),
                ('page_url', models.CharField(blank=True, max_length=1000)),
                ('commitish', models.CharField(blank=True, max_length=255)),
                ('yank_reason', models.CharField(blank=True, max_length=500, null=True)),
                ('decision', models.CharField(choices=[('create', 'To be created'), ('update', 'To be updated'), ('present', 'Present'), ('skip', 'Skipped'), ('conflict', 'In conflict'), ('invalid', 'Not valid'), ('removed', 'Removed there')], max_length=10)),
                ('outcome', models.CharField(blank=True, choices=[('', 'To do'), ('done', 'Done'), ('failed', 'Failed')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('written_digest', models.CharField(blank=True, max_length=64)),
                ('written_channel', models.CharField(blank=True, max_length=256)),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imported_releases', to='versions.version')),
                ('last_run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='releases', to='importing.importrun')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='releases', to='importing.importsource')),
                ('fields', models.JSONField(default=dict)),
                ('is_archived', models.BooleanField(default=False)),
                ('written_yank', models.CharField(blank=True, max_length=500, null=True)),
            ],
            options={
                'ordering': ['position', 'id'],
                'indexes': [models.Index(fields=['source', 'position', 'id'], name='imported_release_order'), models.Index(fields=['last_run', '-position'], name='imported_release_to_do')],
                'constraints': [models.UniqueConstraint(fields=('source', 'key'), name='imported_release_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=255)),
                ('url', models.CharField(max_length=4000)),
                ('size_bytes', models.PositiveBigIntegerField(null=True)),
                ('digest', models.CharField(blank=True, max_length=140)),
                ('label', models.CharField(blank=True, max_length=200)),
                ('platform', models.CharField(blank=True, max_length=50)),
                ('architecture', models.CharField(blank=True, max_length=50)),
                ('download_count', models.PositiveBigIntegerField(default=0)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('decision', models.CharField(choices=[('create', 'To be created'), ('present', 'Present'), ('conflict', 'In conflict')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('is_listed', models.BooleanField(default=True)),
                ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imported_files', to='files.file')),
                ('upload', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imported_files', to='files.uploadsession')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assets', to='importing.importedrelease')),
                ('fields', models.JSONField(default=dict)),
                ('sends_token', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('release', 'name'), name='imported_file_once')],
            },
        ),
    ]
