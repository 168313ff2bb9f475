import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.manager
import django.utils.timezone
import releasehub.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('downloads', '0001_initial'), ('downloads', '0002_shares_know_their_maker'), ('downloads', '0003_access_key_created_by'), ('downloads', '0004_public_slugs'), ('downloads', '0005_fill_public_slugs'), ('downloads', '0006_access_key_use'), ('downloads', '0007_more_version_schemes'), ('downloads', '0008_download_quota'), ('downloads', '0009_plain_labels'), ('downloads', '0010_comments_and_reviews'), ('downloads', '0011_category_rejected_warnings'), ('downloads', '0012_prefixes'), ('downloads', '0013_secures_uploads'), ('downloads', '0014_page_views'), ('downloads', '0015_pictures_and_featured'), ('downloads', '0016_shows_statistics'), ('downloads', '0017_rating_index'), ('downloads', '0018_holds_first_posts'), ('downloads', '0019_preview_links'), ('downloads', '0020_legal_holds'), ('downloads', '0021_waiting_index'), ('downloads', '0022_search_index'), ('downloads', '0023_slugs_in_any_case'), ('downloads', '0024_listed_index')]

    initial = True

    dependencies = [
        ('accounts', '0016_avatar_path'),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('title', models.CharField(max_length=100)),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('description', models.TextField(blank=True)),
                ('display_order', models.PositiveIntegerField(default=0)),
                ('icon', models.CharField(blank=True, max_length=50)),
                ('color', models.CharField(blank=True, max_length=7)),
                ('accepts_downloads', models.BooleanField(blank=True, null=True)),
                ('requires_approval', models.BooleanField(blank=True, null=True)),
                ('has_versioning', models.BooleanField(blank=True, null=True, verbose_name='allows several versions')),
                ('allows_external_links', models.BooleanField(blank=True, null=True)),
                ('members_only', models.BooleanField(blank=True, null=True)),
                ('allowed_extensions', models.JSONField(blank=True, null=True)),
                ('max_file_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='maximum file size (bytes)')),
                ('max_version_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='maximum version size (bytes)')),
                ('max_download_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='maximum download size (bytes)')),
                ('max_files_per_version', models.PositiveIntegerField(blank=True, null=True, verbose_name='maximum number of files per version')),
                ('inherited', models.JSONField(default=dict, editable=False)),
                ('is_members_only', models.BooleanField(default=False, editable=False)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='downloads.category', verbose_name='parent')),
                ('allows_comments', models.BooleanField(blank=True, null=True)),
                ('allows_reviews', models.BooleanField(blank=True, null=True)),
                ('comments_need_approval', models.BooleanField(blank=True, null=True, verbose_name='comments and reviews need approval')),
                ('rejected_warnings', models.JSONField(blank=True, null=True)),
                ('holds_first_posts', models.BooleanField(blank=True, help_text='It waits until a moderator approved one text of the user anywhere on this hub.', null=True, verbose_name='first comment or review of a user needs approval')),
            ],
            options={
                'verbose_name_plural': 'categories',
                'ordering': ['display_order', 'title'],
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['parent', 'display_order'], name='category_tree')],
            },
        ),
        migrations.CreateModel(
            name='Prefix',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('title', models.CharField(max_length=50, unique=True)),
                ('color', models.CharField(choices=[('gray', 'Gray'), ('green', 'Green'), ('yellow', 'Yellow'), ('red', 'Red')], default='gray', max_length=10)),
                ('display_order', models.PositiveIntegerField(default=0)),
                ('categories', models.ManyToManyField(blank=True, help_text='Leave empty for all categories.', related_name='prefixes', to='downloads.category')),
            ],
            options={
                'verbose_name_plural': 'prefixes',
                'ordering': ['display_order', 'title'],
            },
        ),
        migrations.CreateModel(
            name='Download',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for deletion')),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(max_length=150)),
                ('tag_line', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('icon_url', models.URLField(blank=True, max_length=500, verbose_name='icon URL')),
                ('cover_url', models.URLField(blank=True, max_length=500, verbose_name='cover URL')),
                ('homepage_url', models.URLField(blank=True, max_length=500, verbose_name='homepage URL')),
                ('source_url', models.URLField(blank=True, max_length=500, verbose_name='source code URL')),
                ('license', models.CharField(blank=True, max_length=100)),
                ('tags', models.JSONField(blank=True, default=list)),
                ('kind', models.CharField(choices=[('app', 'App'), ('service', 'Service'), ('chat_extension', 'Chat Extension'), ('other', 'Other')], default='app', max_length=20)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('visible', 'Visible'), ('moderated', 'Moderated')], default='visible', max_length=10)),
                ('visibility', models.CharField(choices=[('public', 'Public'), ('members', 'Members'), ('organization', 'Organization'), ('private', 'Private')], default='public', max_length=12)),
                ('default_channel', models.CharField(default='stable', max_length=256)),
                ('version_scheme', models.CharField(blank=True, choices=[('', 'detected from the number'), ('semver', 'Semantic Versioning'), ('dotted', 'two to four numbers'), ('calver', 'YYYY.MM.DD-HHMMSS'), ('build', 'build numbers: 1.0.0+2 is newer than 1.0.0+1 (Flutter, JDK)'), ('pep440', 'Python (PEP 440)'), ('other', 'any text')], default='', max_length=10)),
                ('seal_on_publish', models.BooleanField(default=False)),
                ('last_update_at', models.DateTimeField(editable=False)),
                ('version_count', models.PositiveIntegerField(default=0, editable=False)),
                ('listed_version_count', models.PositiveIntegerField(default=0, editable=False)),
                ('download_count', models.PositiveBigIntegerField(default=0, editable=False)),
                ('view_count', models.PositiveBigIntegerField(default=0, editable=False)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='downloads', to='downloads.category')),
                ('deleted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='downloads', to='accounts.organization')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='downloads', to=settings.AUTH_USER_MODEL)),
                ('quota_bytes', models.PositiveBigIntegerField(blank=True, help_text='The maximum number of bytes that this download can store. 0 means no limit. Leave empty to use the limit of its category.', null=True, verbose_name='storage quota')),
                ('comment_count', models.PositiveIntegerField(default=0, editable=False)),
                ('rating_count', models.PositiveIntegerField(default=0, editable=False)),
                ('rating_sum', models.PositiveIntegerField(default=0, editable=False)),
                ('review_count', models.PositiveIntegerField(default=0, editable=False)),
                ('prefix', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='downloads', to='downloads.prefix')),
                ('secures_uploads', models.BooleanField(default=True, help_text='Files that are uploaded with the v3 API need an access key or a sign-in.', verbose_name='secure files of the v3 API')),
                ('featured_order', models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='place among the featured downloads')),
                ('pictures', models.JSONField(default=dict, editable=False)),
                ('shows_statistics', models.BooleanField(default=True, help_text='Everybody who sees the download can see its downloads over time. The team always can.', verbose_name='show statistics')),
            ],
            options={
                'ordering': ['-last_update_at', '-id'],
                'permissions': [('moderate_download', 'Can view, edit, delete and restore all downloads'), ('hard_delete_download', 'Can permanently delete all downloads, versions and files')],
                'base_manager_name': 'all_objects',
                'indexes': [models.Index(fields=['-last_update_at', '-id'], name='download_last_update'), models.Index(fields=['category', '-last_update_at', '-id'], name='download_category'), models.Index(fields=['-created_at', '-id'], name='download_created'), models.Index(fields=['-download_count', '-id'], name='download_popular'), models.Index(fields=['title', 'id'], name='download_title'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='download_deleted'), models.Index(condition=models.Q(('prefix__isnull', False)), fields=['prefix', '-last_update_at', '-id'], name='download_prefix'), models.Index(condition=models.Q(('featured_order__isnull', False)), fields=['featured_order', 'id'], name='download_featured'), models.Index(models.OrderBy(models.ExpressionWrapper(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('rating_sum'), '+', models.Value(15.0)), '/', django.db.models.expressions.CombinedExpression(models.F('rating_count'), '+', models.Value(5.0))), output_field=models.FloatField()), descending=True), models.OrderBy(models.F('id'), descending=True), name='download_rating'), models.Index(condition=models.Q(('state', 'moderated')), fields=['updated_at'], name='download_waiting'), models.Index(django.db.models.functions.text.Lower('slug'), name='download_slug_any_case'), models.Index(condition=models.Q(('deleted_at__isnull', True), ('state', 'visible'), ('visibility', 'public')), fields=['category'], name='download_listed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'visible', 'moderated'])), name='download_state'), models.CheckConstraint(condition=models.Q(('visibility__in', ['public', 'members', 'organization', 'private'])), name='download_visibility')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='AccessKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('name', models.CharField(max_length=100)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('prefix', models.CharField(editable=False, max_length=8)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('uses_left', models.PositiveIntegerField(blank=True, null=True, verbose_name='downloads left')),
                ('highest_number', models.CharField(blank=True, max_length=128, verbose_name='highest version')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_keys', to='downloads.download')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version_id', models.PositiveBigIntegerField(blank=True, editable=False, null=True, verbose_name='previewed version')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['prefix'], name='access_key_prefix')],
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='downloads.download')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='shares_made', to=settings.AUTH_USER_MODEL)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'download'), name='share_once')],
            },
        ),
        migrations.CreateModel(
            name='StorePublication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('is_public', models.BooleanField(default=False, verbose_name='public')),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='downloads.download')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='publications', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'download'), name='store_publication_once')],
            },
        ),
        migrations.CreateModel(
            name='TeamMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('can_edit', models.BooleanField(default=False, verbose_name='edit')),
                ('can_upload', models.BooleanField(default=False, verbose_name='upload')),
                ('can_manage_files', models.BooleanField(default=False, verbose_name='manage files')),
                ('can_manage_versions', models.BooleanField(default=False, verbose_name='manage versions')),
                ('can_manage_team', models.BooleanField(default=False, verbose_name='manage team')),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='team', to='downloads.download')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='team_memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'download'), name='team_member_once'), models.CheckConstraint(condition=models.Q(('can_edit', True), ('can_upload', True), ('can_manage_files', True), ('can_manage_versions', True), ('can_manage_team', True), _connector='OR'), name='team_member_has_flag')],
            },
        ),
        migrations.CreateModel(
            name='PublicSlug',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=100, unique=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('first_public_at', models.DateTimeField(auto_now_add=True)),
                ('was_open_to_all', models.BooleanField(default=False)),
                ('download', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='public_slugs', to='downloads.download')),
            ],
            options={
                'indexes': [models.Index(django.db.models.functions.text.Lower('slug'), name='public_slug_any_case')],
            },
        ),
        migrations.CreateModel(
            name='PageView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visitor', models.CharField(max_length=32)),
                ('hour', models.DateTimeField()),
                ('is_folded', models.BooleanField(default=False)),
                ('download', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.download')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_folded', False)), fields=['id'], name='page_view_waiting'), models.Index(fields=['hour'], name='page_view_by_time')],
                'constraints': [models.UniqueConstraint(fields=('download', 'visitor', 'hour'), name='page_view_once')],
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500)),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('download', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='legal_hold', to='downloads.download')),
                ('placed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-placed_at', '-id'],
                'permissions': [('hold_download', 'Can place and lift legal holds')],
            },
        ),
        migrations.CreateModel(
            name='AccessKeyUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_id', models.PositiveBigIntegerField()),
                ('visitor', models.CharField(max_length=32)),
                ('granted_bytes', models.PositiveBigIntegerField(default=0)),
                ('spent_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('access_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='downloads.accesskey')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('access_key', 'file_id', 'visitor'), name='access_key_use_once')],
            },
        ),
    ]
