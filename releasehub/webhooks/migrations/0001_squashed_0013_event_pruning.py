import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import releasehub.core.models
import releasehub.webhooks.events
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('webhooks', '0001_initial'), ('webhooks', '0002_endpoints_deliveries'), ('webhooks', '0003_event_sequences'), ('webhooks', '0004_tls_titles_and_notices'), ('webhooks', '0005_event_positions'), ('webhooks', '0006_plain_labels'), ('webhooks', '0007_endpoint_authentication'), ('webhooks', '0008_chat_formats'), ('webhooks', '0009_event_type_choices'), ('webhooks', '0010_traffic'), ('webhooks', '0011_foreign_names'), ('webhooks', '0012_event_request_id'), ('webhooks', '0013_event_pruning')]

    initial = True

    dependencies = [
        ('accounts', '0006_invitations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('type', models.CharField(choices=releasehub.webhooks.events.event_choices, max_length=40)),
                ('object_type', models.CharField(max_length=40)),
                ('object_id', models.BigIntegerField(verbose_name='object ID')),
                ('download_id', models.BigIntegerField(null=True, verbose_name='download ID')),
                ('actor_id', models.BigIntegerField(null=True, verbose_name='actor ID')),
                ('data', models.JSONField()),
                ('occurred_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('sequence', models.PositiveBigIntegerField(default=0, editable=False)),
                ('position', models.PositiveBigIntegerField(editable=False, null=True, unique=True)),
                ('request_id', models.CharField(blank=True, db_default='', default='', editable=False, max_length=64, verbose_name='request ID')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['object_type', 'object_id', 'id'], name='event_object'), models.Index(fields=['download_id', 'id'], name='event_download'), models.Index(fields=['download_id', 'position'], name='event_download_stream'), models.Index(condition=models.Q(('position', None)), fields=['id'], name='event_without_position')],
            },
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_id', models.CharField(default=releasehub.core.models.new_public_id, editable=False, max_length=24, unique=True, verbose_name='public ID')),
                ('download_id', models.BigIntegerField(blank=True, null=True, verbose_name='download ID')),
                ('url', models.URLField(max_length=2000, verbose_name='URL')),
                ('description', models.CharField(blank=True, max_length=200)),
                ('format', models.CharField(choices=[('standard', 'Standard Webhooks'), ('v3', 'v3'), ('mc_dm', 'Downloads Manager'), ('mc_dm_form', 'Downloads Manager, as a form'), ('slack', 'Slack'), ('discord', 'Discord'), ('teams', 'Microsoft Teams'), ('matrix', 'Matrix (Hookshot)')], default='standard', max_length=10)),
                ('events', models.JSONField(blank=True, default=list)),
                ('criteria', models.JSONField(blank=True, default=dict)),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('paused_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('disabled_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('disabled_reason', models.CharField(blank=True, editable=False, max_length=300, verbose_name='reason for disabling')),
                ('failing_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('consecutive_failures', models.PositiveIntegerField(default=0, editable=False)),
                ('claimed_at', models.DateTimeField(editable=False, null=True)),
                ('sealed_secret', models.TextField(editable=False)),
                ('sealed_previous_secret', models.TextField(blank=True, editable=False)),
                ('previous_secret_until', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='accounts.organization')),
                ('notice_due_at', models.DateTimeField(editable=False, null=True)),
                ('title', models.CharField(blank=True, max_length=100)),
                ('verify_tls', models.BooleanField(default=True, verbose_name='verify the TLS certificate')),
                ('auth_name', models.CharField(blank=True, max_length=100, verbose_name='user name or header')),
                ('auth_type', models.CharField(choices=[('none', 'none'), ('basic', 'user name and password'), ('header', 'a secret header')], default='none', max_length=10, verbose_name='authentication')),
                ('sealed_auth_secret', models.TextField(blank=True, editable=False)),
                ('wants_traffic', models.BooleanField(default=False, editable=False)),
                ('foreign_criteria', models.JSONField(db_default={}, default=dict, editable=False)),
                ('foreign_events', models.JSONField(db_default={}, default=dict, editable=False)),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('download_id__isnull', False)), fields=['download_id'], name='webhook_endpoint_download'), models.Index(condition=models.Q(('download_id', None), ('organization', None)), fields=['id'], name='webhook_endpoint_site'), models.Index(fields=['created_at', 'id'], name='webhook_endpoint_created'), models.Index(fields=['title', 'id'], name='webhook_endpoint_title'), models.Index(condition=models.Q(('notice_due_at__isnull', False)), fields=['notice_due_at'], name='webhook_endpoint_notice'), models.Index(condition=models.Q(('wants_traffic', True)), fields=['id'], name='webhook_endpoint_traffic')],
                'constraints': [models.CheckConstraint(condition=models.Q(('organization', None), ('download_id', None), _connector='OR'), name='webhook_endpoint_one_scope')],
            },
        ),
        migrations.CreateModel(
            name='TrafficSignal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('download_id', models.BigIntegerField(verbose_name='download ID')),
                ('version_id', models.BigIntegerField(verbose_name='version ID')),
                ('file_id', models.BigIntegerField(verbose_name='file ID')),
                ('steps', models.JSONField()),
                ('occurred_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='EventPruning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_id', models.PositiveBigIntegerField(default=0)),
                ('deleted_position', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Payload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(choices=[('standard', 'Standard Webhooks'), ('v3', 'v3'), ('mc_dm', 'Downloads Manager'), ('mc_dm_form', 'Downloads Manager, as a form'), ('slack', 'Slack'), ('discord', 'Discord'), ('teams', 'Microsoft Teams'), ('matrix', 'Matrix (Hookshot)')], max_length=10)),
                ('body', models.TextField()),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='payloads', to='webhooks.event')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event', 'format'), name='webhook_payload_once')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('webhook_id', models.CharField(editable=False, max_length=64, verbose_name='webhook ID')),
                ('format', models.CharField(choices=[('standard', 'Standard Webhooks'), ('v3', 'v3'), ('mc_dm', 'Downloads Manager'), ('mc_dm_form', 'Downloads Manager, as a form'), ('slack', 'Slack'), ('discord', 'Discord'), ('teams', 'Microsoft Teams'), ('matrix', 'Matrix (Hookshot)')], editable=False, max_length=10)),
                ('object_key', models.CharField(editable=False, max_length=64)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='pending', max_length=10)),
                ('attempt_count', models.PositiveIntegerField(default=0)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('lease_token', models.CharField(blank=True, editable=False, max_length=32)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhooks.event')),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhooks.endpoint')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'next_attempt_at', 'id'], name='webhook_delivery_due'), models.Index(condition=models.Q(('lease_until__isnull', False)), fields=['endpoint'], name='webhook_delivery_leased'), models.Index(fields=['endpoint', '-id'], name='webhook_delivery_list'), models.Index(fields=['created_at'], name='webhook_delivery_created'), models.Index(condition=models.Q(('state', 'failed')), fields=['endpoint', '-id'], name='webhook_delivery_failed')],
                'constraints': [models.UniqueConstraint(fields=('event', 'endpoint'), name='webhook_delivery_once')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('result', models.CharField(choices=[('delivered', 'Delivered'), ('answered', 'error response'), ('unreachable', 'Unreachable'), ('refused', 'rejected by the hub')], max_length=12)),
                ('started_at', models.DateTimeField()),
                ('duration_ms', models.PositiveIntegerField(verbose_name='duration (ms)')),
                ('status_code', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('request_headers', models.JSONField(default=dict)),
                ('body_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the body')),
                ('response', models.TextField(blank=True)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('delivery', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='webhooks.delivery')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['started_at', 'result'], name='webhook_attempt_started')],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='webhook_attempt_once')],
            },
        ),
    ]
