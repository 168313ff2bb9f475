import datetime
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import releasehub.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('files', '0001_initial'), ('files', '0002_uploads'), ('files', '0003_engine_link_digests'), ('files', '0004_v3_declared_checksum'), ('files', '0005_packages_and_icons'), ('files', '0006_public_file_names'), ('files', '0007_fill_public_file_names'), ('files', '0008_public_file_names_without_flag'), ('files', '0009_file_primary_choice'), ('files', '0010_keep_published_primaries'), ('files', '0011_plain_labels'), ('files', '0012_accepted_files'), ('files', '0013_pictures'), ('files', '0014_social_cards'), ('files', '0015_inline_pictures'), ('files', '0016_quarantine'), ('files', '0017_hub_day'), ('files', '0018_avatars'), ('files', '0019_storage_truth'), ('files', '0020_search_index'), ('files', '0021_pending_files'), ('files', '0022_fill_public_since'), ('files', '0023_app_image_facts')]

    initial = True

    dependencies = [
        ('versions', '0020_cooldown'),
    ]

    operations = [
        migrations.CreateModel(
            name='Blob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('sha256', models.CharField(max_length=64, unique=True, verbose_name='SHA-256')),
                ('sha512', models.CharField(db_index=True, max_length=128, verbose_name='SHA-512')),
                ('md5', models.CharField(max_length=32, verbose_name='MD5')),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='size (bytes)')),
                ('mime_type', models.CharField(max_length=100, verbose_name='MIME type')),
                ('storage_key', models.CharField(max_length=200, unique=True)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('stored', 'Stored'), ('missing', 'Missing')], default='pending', max_length=10)),
                ('claimed_until', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(db_default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), editable=False, verbose_name='last checked')),
                ('problem', models.CharField(blank=True, db_default='', editable=False, max_length=100)),
                ('block_map_bytes', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('update_information', models.CharField(blank=True, db_default='', editable=False, max_length=1024)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['checked_at', 'id'], name='blob_checked'), models.Index(condition=models.Q(('state', 'missing')), fields=['id'], name='blob_unusable')],
            },
        ),
        migrations.CreateModel(
            name='Quarantine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('filename', models.CharField(max_length=255)),
                ('reason', models.CharField(max_length=500)),
                ('ended_at', models.DateTimeField(null=True)),
                ('moved_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['-created_at'], name='quarantine_open'), models.Index(condition=models.Q(('moved_at__isnull', True)), fields=['id'], name='quarantine_to_move')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('sha256__gt', '')), fields=('sha256',), name='quarantine_once')],
            },
        ),
        migrations.CreateModel(
            name='PublicFileName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('folded_name', models.CharField(max_length=1024)),
                ('filename', models.CharField(max_length=255)),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='public_names', to='versions.version')),
                ('first_public_at', models.DateTimeField(auto_now_add=True)),
                ('external_url', models.CharField(blank=True, max_length=2048, verbose_name='external URL')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'folded_name'), name='public_file_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('kind', models.CharField(choices=[('icon', 'Icon'), ('cover', 'Cover'), ('screenshot', 'Screenshot'), ('inline', 'Picture in a text')], max_length=10)),
                ('alt_text', models.CharField(blank=True, help_text='What the picture shows', max_length=300, verbose_name='description for screen readers')),
                ('caption', models.CharField(blank=True, max_length=300)),
                ('display_order', models.PositiveIntegerField(default=0)),
                ('width', models.PositiveIntegerField(editable=False)),
                ('height', models.PositiveIntegerField(editable=False)),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stored_pictures', to='downloads.download')),
            ],
            options={
                'ordering': ['display_order', 'id'],
                'indexes': [models.Index(fields=['download', 'kind', 'display_order', 'id'], name='picture_order')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind__in', ['icon', 'cover'])), fields=('download', 'kind'), name='picture_one_of_kind'), models.CheckConstraint(condition=models.Q(('kind__in', ['icon', 'cover', 'screenshot', 'inline'])), name='picture_kind')],
            },
        ),
        migrations.CreateModel(
            name='HubDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
                ('downloads', models.PositiveBigIntegerField(default=0)),
                ('uploads', models.PositiveBigIntegerField(default=0)),
                ('uploaded_bytes', models.PositiveBigIntegerField(default=0)),
                ('stored_bytes', models.PositiveBigIntegerField(null=True)),
                ('stored_count', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='StorageScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('cursor', models.CharField(blank=True, max_length=1024)),
                ('object_count', models.PositiveBigIntegerField(default=0)),
                ('object_bytes', models.PositiveBigIntegerField(default=0)),
                ('orphan_count', models.PositiveBigIntegerField(default=0)),
                ('orphan_bytes', models.PositiveBigIntegerField(default=0)),
                ('orphans', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='DownloadIcon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('filename', models.CharField(max_length=255)),
                ('storage_path', models.CharField(max_length=200)),
                ('content_hash', models.CharField(blank=True, max_length=128)),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='icons', to='files.blob')),
                ('download', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='stored_icon', to='downloads.download')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SocialCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('digest', models.CharField(max_length=32)),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='social_cards', to='files.blob')),
                ('download', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='social_card', to='downloads.download')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Avatar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='avatars', to='files.blob')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='avatar', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='File',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for deletion')),
                ('external_url', models.URLField(blank=True, max_length=2048, verbose_name='external URL')),
                ('external_reference', models.CharField(blank=True, max_length=100)),
                ('filename', models.CharField(max_length=255)),
                ('folded_name', models.CharField(editable=False, max_length=1024)),
                ('display_label', models.CharField(blank=True, max_length=200)),
                ('platform', models.CharField(blank=True, max_length=50)),
                ('architecture', models.CharField(blank=True, max_length=50)),
                ('kind', models.CharField(choices=[('package', 'Package'), ('lockfile', 'Lockfile'), ('signature', 'Signature'), ('sbom', 'Sbom'), ('other', 'Other')], default='package', max_length=10)),
                ('size_bytes', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='size (bytes)')),
                ('is_primary', models.BooleanField(default=False, verbose_name='primary')),
                ('display_order', models.PositiveIntegerField(default=0)),
                ('is_secured', models.BooleanField(default=False, verbose_name='secured')),
                ('validation_status', models.CharField(choices=[('pending', 'Pending'), ('passed', 'Passed'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('findings', models.JSONField(blank=True, default=list, editable=False)),
                ('download_count', models.PositiveBigIntegerField(default=0, editable=False)),
                ('blob', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='files.blob')),
                ('deleted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='versions.version')),
                ('external_sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('external_type', models.CharField(blank=True, editable=False, max_length=100)),
                ('wants_copy', models.BooleanField(default=False, verbose_name='keep a copy')),
                ('external_sha512', models.CharField(blank=True, editable=False, max_length=128)),
                ('declared_checksum', models.CharField(blank=True, editable=False, max_length=256)),
                ('is_primary_choice', models.BooleanField(default=False, editable=False)),
                ('accepted_at', models.DateTimeField(editable=False, null=True, verbose_name='let through at')),
                ('accepted_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='let through by')),
                ('accepted_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for letting it through')),
                ('quarantine', models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='files', to='files.quarantine')),
            ],
            options={
                'ordering': ['-display_order', '-id'],
                'base_manager_name': 'all_objects',
                'indexes': [models.Index(fields=['version', '-display_order', '-id'], name='file_order'), models.Index(fields=['version', '-size_bytes', '-id'], name='file_by_size'), models.Index(fields=['version', '-download_count', '-id'], name='file_popular'), models.Index(fields=['-display_order', '-id'], name='file_all_order'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='file_deleted'), models.Index(condition=models.Q(('external_sha256__gt', '')), fields=['external_sha256'], name='file_link_sha256'), models.Index(condition=models.Q(('external_sha512__gt', '')), fields=['external_sha512'], name='file_link_sha512'), models.Index(condition=models.Q(('quarantine__isnull', False)), fields=['quarantine'], name='file_quarantined'), models.Index(condition=models.Q(('blob__isnull', False)), fields=['version', 'size_bytes', 'blob'], name='file_stored_sizes'), models.Index(fields=['folded_name'], name='file_folded_name'), models.Index(condition=models.Q(('validation_status', 'pending')), fields=['created_at'], name='file_pending')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted_at__isnull', True)), fields=('version', 'folded_name'), name='file_name_once'), models.UniqueConstraint(condition=models.Q(('deleted_at__isnull', True), ('is_primary', True)), fields=('version',), name='file_one_primary'), models.CheckConstraint(condition=models.Q(('validation_status__in', ['pending', 'passed', 'failed'])), name='file_validation_status'), models.CheckConstraint(condition=models.Q(('blob__isnull', False), models.Q(('external_url', ''), _negated=True), models.Q(('external_reference', ''), _negated=True), _connector='OR'), name='file_has_source')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='PictureSize',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='picture_sizes', to='files.blob')),
                ('picture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sizes', to='files.picture')),
            ],
            options={
                'ordering': ['width'],
                'constraints': [models.UniqueConstraint(fields=('picture', 'width'), name='picture_size_once')],
            },
        ),
        migrations.CreateModel(
            name='DownloadDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('downloads', models.PositiveBigIntegerField(default=0)),
                ('bot_downloads', models.PositiveBigIntegerField(default=0)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='files.file')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='download_day')],
                'constraints': [models.UniqueConstraint(fields=('file', 'day'), name='download_day_once')],
            },
        ),
        migrations.CreateModel(
            name='DownloadGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('granted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('visitor', models.CharField(max_length=32)),
                ('is_bot', models.BooleanField(default=False)),
                ('is_folded', models.BooleanField(default=False)),
                ('is_counted', models.BooleanField(default=False)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='files.file')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_folded', False)), fields=['id'], name='grant_waiting'), models.Index(fields=['granted_at'], name='grant_by_time')],
            },
        ),
        migrations.CreateModel(
            name='UploadSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('acting', models.JSONField(default=dict, editable=False)),
                ('filename', models.CharField(max_length=255)),
                ('fields', models.JSONField(blank=True, default=dict)),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='size (bytes)')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('part_bytes', models.PositiveBigIntegerField(default=0)),
                ('storage_key', models.CharField(editable=False, max_length=200, unique=True)),
                ('multipart_id', models.CharField(blank=True, editable=False, max_length=500)),
                ('final_key', models.CharField(blank=True, db_index=True, editable=False, max_length=200)),
                ('state', models.CharField(choices=[('created', 'Created'), ('uploaded', 'Uploaded'), ('confirmed', 'Confirmed'), ('failed', 'Failed'), ('expired', 'Expired')], default='created', max_length=10)),
                ('error_code', models.CharField(blank=True, editable=False, max_length=50)),
                ('error_message', models.CharField(blank=True, editable=False, max_length=500)),
                ('last_active_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('blob', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='files.blob')),
                ('file', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='uploads', to='files.file')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='uploads', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='versions.version')),
                ('is_open_ended', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['state', 'last_active_at'], name='upload_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['created', 'uploaded', 'confirmed', 'failed', 'expired'])), name='upload_state')],
            },
        ),
        migrations.CreateModel(
            name='PackageUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('number', models.CharField(max_length=128)),
                ('source_hash', models.CharField(max_length=128)),
                ('is_forced', models.BooleanField(default=False)),
                ('confirmation', models.CharField(blank=True, max_length=64)),
                ('base_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='versions.version')),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='package_uploads', to='downloads.download')),
                ('lockfile', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='lockfile_of', to='files.uploadsession')),
                ('package', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='package_of', to='files.uploadsession')),
                ('version', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='package_upload', to='versions.version')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
