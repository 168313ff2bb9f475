import datetime
import django.core.validators
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import releasehub.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('community', '0001_comments_and_reviews'), ('community', '0002_watches'), ('community', '0003_reports'), ('community', '0004_reports_use_the_mail_queue'), ('community', '0005_watch_digests')]

    initial = True

    dependencies = [
        ('downloads', '0016_shows_statistics'),
        ('versions', '0012_drop_version_int_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for deletion')),
                ('text', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('visible', 'Visible'), ('moderated', 'Moderated')], default='visible', editable=False, max_length=10)),
                ('edit_count', models.PositiveIntegerField(default=0, editable=False)),
                ('last_edit_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), editable=False)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.download')),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'all_objects',
                'indexes': [models.Index(fields=['download', '-created_at', '-id'], name='comment_newest'), models.Index(fields=['author', '-created_at'], name='comment_of_author'), models.Index(fields=['-created_at', '-id'], name='comment_all_newest'), models.Index(condition=models.Q(('state', 'moderated')), fields=['-created_at'], name='comment_waiting'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='comment_deleted'), models.Index(fields=['download', '-last_edit_at', '-id'], name='comment_edited'), models.Index(fields=['-last_edit_at', '-id'], name='comment_all_edited')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['visible', 'moderated'])), name='comment_state')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('delete_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason for deletion')),
                ('text', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('visible', 'Visible'), ('moderated', 'Moderated')], default='visible', editable=False, max_length=10)),
                ('edit_count', models.PositiveIntegerField(default=0, editable=False)),
                ('last_edit_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), editable=False)),
                ('rating', models.PositiveSmallIntegerField(help_text='From 1 to 5; 5 is the best.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('reply', models.TextField(blank=True, editable=False)),
                ('replied_at', models.DateTimeField(editable=False, null=True)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.download')),
                ('replied_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'all_objects',
                'indexes': [models.Index(fields=['download', '-created_at', '-id'], name='review_newest'), models.Index(fields=['author', '-created_at'], name='review_of_author'), models.Index(fields=['-created_at', '-id'], name='review_all_newest'), models.Index(condition=models.Q(('state', 'moderated')), fields=['-created_at'], name='review_waiting'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='review_deleted')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['visible', 'moderated'])), name='review_state'), models.CheckConstraint(condition=models.Q(('rating__gte', 1), ('rating__lte', 5)), name='review_rating'), models.UniqueConstraint(condition=models.Q(('deleted_at__isnull', True)), fields=('author', 'download'), name='review_once')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='WatchCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.category')),
                ('download', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.download')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('frequency', models.CharField(blank=True, choices=[('at_once', 'At once'), ('daily', 'Daily digest'), ('weekly', 'Weekly digest'), ('none', 'No e-mail')], max_length=10)),
            ],
            options={
                'verbose_name_plural': 'watches',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('category__isnull', False), ('download__isnull', True)), models.Q(('category__isnull', True), ('download__isnull', False)), _connector='OR'), name='watch_one_target'), models.UniqueConstraint(fields=('user', 'download'), name='watch_download_once'), models.UniqueConstraint(fields=('user', 'category'), name='watch_category_once')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('kind', models.CharField(choices=[('download', 'Download'), ('version', 'Version'), ('comment', 'Comment'), ('review', 'Review')], max_length=10)),
                ('object_id', models.BigIntegerField(verbose_name='object ID')),
                ('label', models.CharField(max_length=300, verbose_name='target')),
                ('reporter_key', models.CharField(max_length=50)),
                ('reason', models.CharField(choices=[('malware', 'Malware or another danger'), ('copyright', 'Copyright or trademark'), ('spam', 'Spam or insults'), ('broken', 'Broken, or not as described'), ('other', 'Something else')], max_length=10)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('resolved', 'Resolved'), ('dismissed', 'Dismissed')], default='open', max_length=10)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('handled_at', models.DateTimeField(null=True)),
                ('download', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='downloads.download')),
                ('handled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['-created_at', '-id'], name='report_newest'), models.Index(condition=models.Q(('state', 'open')), fields=['-created_at', '-id'], name='report_open'), models.Index(condition=models.Q(('handled_at__isnull', False)), fields=['handled_at'], name='report_age')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('reporter_key', 'kind', 'object_id'), name='report_open_once'), models.CheckConstraint(condition=models.Q(models.Q(('handled_at__isnull', True), ('state', 'open')), models.Q(('handled_at__isnull', False), models.Q(('state', 'open'), _negated=True)), _connector='OR'), name='report_handled')],
            },
        ),
        migrations.CreateModel(
            name='WatchNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='versions.version')),
                ('watch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='community.watch')),
                ('is_digest', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='watch_notice_due'), models.Index(fields=['created_at'], name='watch_notice_age')],
                'constraints': [models.UniqueConstraint(fields=('user', 'version'), name='watch_notice_once')],
            },
        ),
    ]
