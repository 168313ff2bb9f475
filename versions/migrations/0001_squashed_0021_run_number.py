import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
import django.utils.timezone
import releasehub.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('versions', '0001_initial'), ('versions', '0002_version_permalink_index'), ('versions', '0003_moved_numbers'), ('versions', '0004_offered_index'), ('versions', '0005_named_channels_platforms'), ('versions', '0006_history_index'), ('versions', '0007_public_numbers'), ('versions', '0008_fill_public_numbers'), ('versions', '0009_version_seal_on_publish'), ('versions', '0010_more_version_schemes'), ('versions', '0011_plain_labels'), ('versions', '0012_drop_version_int_index'), ('versions', '0013_one_version_per_platform'), ('versions', '0014_fill_platform_keys'), ('versions', '0015_end_of_support'), ('versions', '0016_waiting_index'), ('versions', '0017_search_index'), ('versions', '0018_tags'), ('versions', '0019_rollout_percent'), ('versions', '0020_cooldown'), ('versions', '0021_run_number')]

    initial = True

    dependencies = [
        ('downloads', '0022_search_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for deletion')),
                ('number', models.CharField(max_length=128, verbose_name='version')),
                ('scheme', models.CharField(choices=[('semver', 'Semver'), ('dotted', 'Dotted'), ('calver', 'Calver'), ('build', 'Build'), ('pep440', 'Pep440'), ('other', 'Other')], editable=False, max_length=10)),
                ('sort_key', models.BinaryField(max_length=300)),
                ('version_int', models.BigIntegerField(default=0, editable=False)),
                ('is_prerelease', models.BooleanField(default=False, editable=False, verbose_name='pre-release')),
                ('channel', models.CharField(default='stable', max_length=256)),
                ('title', models.CharField(blank=True, max_length=256)),
                ('release_notes', models.TextField(blank=True)),
                ('changelog', models.TextField(blank=True)),
                ('changelog_url', models.URLField(blank=True, max_length=1000, verbose_name='changelog URL')),
                ('release_page_url', models.URLField(blank=True, max_length=1000, verbose_name='release page URL')),
                ('platforms', models.JSONField(blank=True, default=list)),
                ('service_dependencies', models.JSONField(blank=True, default=list)),
                ('package_manifest', models.JSONField(blank=True, null=True)),
                ('source_hash', models.CharField(blank=True, max_length=128)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('pending', 'Pending'), ('published', 'Published'), ('archived', 'Archived')], default='draft', max_length=10)),
                ('visibility', models.CharField(choices=[('listed', 'Listed'), ('unlisted', 'Unlisted'), ('private', 'Private')], default='listed', max_length=10)),
                ('publish_at', models.DateTimeField(blank=True, null=True, verbose_name='scheduled for')),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('released_at', models.DateTimeField(editable=False)),
                ('sealed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('yanked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('yank_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for yanking')),
                ('is_active', models.BooleanField(default=False, editable=False, verbose_name='active')),
                ('file_count', models.PositiveIntegerField(default=0, editable=False)),
                ('download_count', models.PositiveBigIntegerField(default=0, editable=False)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='versions', to=settings.AUTH_USER_MODEL)),
                ('base_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='derived_versions', to='versions.version')),
                ('deleted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='downloads.download')),
                ('seal_on_publish', models.BooleanField(default=False, editable=False)),
                ('channel_name', models.CharField(blank=True, editable=False, max_length=256)),
                ('first_platform', models.CharField(blank=True, editable=False, max_length=256)),
                ('is_twin', models.BooleanField(default=False, editable=False)),
                ('platform_keys', models.JSONField(blank=True, default=list, editable=False)),
                ('end_of_support', models.DateField(blank=True, help_text='The last day with fixes for this version.', null=True, verbose_name='supported until')),
                ('commitish', models.CharField(blank=True, max_length=255, verbose_name='commit or branch')),
                ('tag', models.CharField(blank=True, help_text='The tag in the source repository, such as cli/v1.2. Leave empty for v and the number.', max_length=255)),
                ('rollout_percent', models.PositiveSmallIntegerField(db_default=100, default=100, help_text='The share of clients that are offered this version. 100 offers it to everyone.', verbose_name='rollout (percent)')),
                ('is_security_release', models.BooleanField(db_default=False, default=False, editable=False, verbose_name='security release')),
                ('public_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('run_number', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
            ],
            options={
                'ordering': ['-released_at', '-id'],
                'base_manager_name': 'all_objects',
                'indexes': [models.Index(fields=['download', '-released_at', '-id'], name='version_released'), models.Index(fields=['download', '-download_count', '-id'], name='version_popular'), models.Index(fields=['download', 'channel', '-sort_key'], name='version_latest'), models.Index(fields=['-released_at', '-id'], name='version_all_released'), models.Index(condition=models.Q(('state', 'scheduled')), fields=['publish_at'], name='version_due'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='version_deleted'), models.Index(fields=['download', 'number'], name='version_permalink'), models.Index(condition=models.Q(('deleted_at__isnull', True), ('state', 'published'), ('visibility', 'listed'), ('yanked_at__isnull', True)), fields=['download', '-sort_key'], name='version_offered'), models.Index(fields=['download', '-created_at', '-id'], name='version_made'), models.Index(condition=models.Q(('deleted_at__isnull', True)), fields=['download', '-sort_key', '-id'], name='version_history'), models.Index(fields=['created_at', 'id'], name='version_all_made'), models.Index(condition=models.Q(('state', 'pending')), fields=['updated_at'], name='version_waiting'), models.Index(fields=['number'], name='version_number')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('download',), name='version_one_active'), models.CheckConstraint(condition=models.Q(('is_active', False), ('deleted_at__isnull', True), _connector='OR'), name='version_active_alive'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'scheduled', 'pending', 'published', 'archived'])), name='version_state'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('published', 'archived')), _negated=True), ('published_at__isnull', False), _connector='OR'), name='version_published_at'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'scheduled'), _negated=True), ('publish_at__isnull', False), _connector='OR'), name='version_publish_at'), models.UniqueConstraint(condition=models.Q(('is_twin', False)), fields=('download', 'channel', 'sort_key'), name='version_number_once'), models.UniqueConstraint(fields=('download', 'channel', 'sort_key', 'first_platform'), name='version_platform_once'), models.UniqueConstraint(condition=models.Q(('tag', ''), _negated=True), fields=('download', 'tag'), name='version_tag_once'), models.CheckConstraint(condition=models.Q(('rollout_percent__lte', 100)), name='version_rollout_percent')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='NamedChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('name', models.CharField(max_length=256)),
                ('display_name', models.CharField(max_length=256)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('is_general', models.BooleanField(default=False, editable=False, verbose_name='applies to all downloads')),
                ('downloads', models.ManyToManyField(blank=True, related_name='+', to='downloads.download')),
            ],
            options={
                'ordering': ['name', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['name', 'id'], name='namedchannel_by_name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), condition=models.Q(('is_general', True)), name='namedchannel_general_once')],
            },
        ),
        migrations.CreateModel(
            name='NamedPlatform',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('name', models.CharField(max_length=256)),
                ('display_name', models.CharField(max_length=256)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('is_general', models.BooleanField(default=False, editable=False, verbose_name='applies to all downloads')),
                ('downloads', models.ManyToManyField(blank=True, related_name='+', to='downloads.download')),
            ],
            options={
                'ordering': ['name', 'id'],
                'abstract': False,
                'indexes': [models.Index(fields=['name', 'id'], name='namedplatform_by_name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), condition=models.Q(('is_general', True)), name='namedplatform_general_once')],
            },
        ),
        migrations.CreateModel(
            name='PublicNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=256)),
                ('sort_key', models.BinaryField(max_length=300)),
                ('number', models.CharField(max_length=128)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='public_numbers', to='downloads.download')),
                ('first_public_at', models.DateTimeField(auto_now_add=True)),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='public_numbers', to='versions.version')),
                ('was_open', models.BooleanField(default=True)),
                ('is_twin', models.BooleanField(default=False)),
                ('platform', models.CharField(blank=True, default='', max_length=256)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('download', 'channel', 'sort_key', 'platform'), name='public_number_once')],
                'indexes': [models.Index(fields=['download', 'number'], name='public_number_by_text')],
            },
        ),
        migrations.CreateModel(
            name='PublicTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=255)),
                ('first_public_at', models.DateTimeField(auto_now_add=True)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='public_tags', to='downloads.download')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='public_tags', to='versions.version')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('download', 'tag'), name='public_tag_once')],
            },
        ),
    ]
