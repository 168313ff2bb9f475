import django.utils.timezone
import releasehub.audit.actions
import releasehub.core.fields
from django.db import migrations, models

from releasehub.audit import triggers


class Migration(migrations.Migration):

    replaces = [('audit', '0001_initial'), ('audit', '0002_upload_actions'), ('audit', '0003_chain'), ('audit', '0004_guards'), ('audit', '0005_sink_actions'), ('audit', '0006_endpoint_actions'), ('audit', '0007_dialect_actions'), ('audit', '0008_action_choices'), ('audit', '0009_keyed_chain'), ('audit', '0010_protect_places'), ('audit', '0011_encrypted_sink_tokens'), ('audit', '0012_encrypt_sink_tokens'), ('audit', '0013_plain_labels'), ('audit', '0014_index_by_download'), ('audit', '0015_search_index')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('actor_id', models.BigIntegerField(null=True, verbose_name='actor ID')),
                ('actor_label', models.CharField(max_length=200)),
                ('api_key_id', models.BigIntegerField(null=True, verbose_name='API key ID')),
                ('channel', models.CharField(choices=[('web', 'Web'), ('api', 'Api'), ('admin', 'Admin'), ('cli', 'Cli'), ('system', 'System')], max_length=10)),
                ('action', models.CharField(choices=releasehub.audit.actions.action_choices, max_length=40)),
                ('target_type', models.CharField(max_length=40)),
                ('target_id', models.BigIntegerField(null=True, verbose_name='target ID')),
                ('target_label', models.CharField(max_length=300)),
                ('download_id', models.BigIntegerField(null=True, verbose_name='download ID')),
                ('changes', models.JSONField(default=dict)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request ID')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('address_digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('address_salt', models.CharField(blank=True, default='', editable=False, max_length=32)),
                ('chain_hash', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('position', models.BigIntegerField(editable=False, null=True, unique=True)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit log',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['target_type', 'target_id', '-id'], name='audit_target'), models.Index(fields=['action', '-id'], name='audit_action'), models.Index(fields=['actor_id', '-id'], name='audit_actor'), models.Index(fields=['created_at'], name='audit_created'), models.Index(condition=models.Q(('position', None)), fields=['id'], name='audit_unchained'), models.Index(condition=models.Q(('address__isnull', False)), fields=['position'], name='audit_has_address'), models.Index(condition=models.Q(('download_id__isnull', False)), fields=['download_id', '-id'], name='audit_download'), models.Index(fields=['request_id'], name='audit_request')],
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='AuditCheckpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(unique=True)),
                ('chain_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['-position'],
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(unique=True)),
                ('chain_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['-position'],
            },
        ),
        migrations.CreateModel(
            name='AuditSink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('jsonl', 'JSON lines in storage'), ('http', 'HTTP endpoint'), ('syslog', 'syslog server')], max_length=10)),
                ('target', models.CharField(help_text='A folder in the default storage, an http:// or https:// URL, or tcp://, tls:// or udp://host:port.', max_length=500)),
                ('token', releasehub.core.fields.EncryptedTextField(blank=True, help_text='Sent to an HTTP endpoint as a bearer token. The token is stored encrypted.', max_length=500)),
                ('has_addresses', models.BooleanField(default=False, help_text='Send IP addresses as well. The hub deletes them after a while, but the sink may store them for longer.', verbose_name='include IP addresses')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('cursor', models.BigIntegerField(default=0, editable=False)),
                ('head_cursor', models.BigIntegerField(default=0, editable=False)),
                ('shipped_at', models.DateTimeField(editable=False, null=True, verbose_name='last shipped at')),
                ('last_error', models.CharField(blank=True, editable=False, max_length=500)),
                ('failing_since', models.DateTimeField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('lease_token', models.CharField(blank=True, editable=False, max_length=32)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'target'), name='audit_sink_once')],
            },
        ),
        migrations.CreateModel(
            name='AuditKeyEpoch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(unique=True)),
                ('chain_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AuditTip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(unique=True)),
                ('chain_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RunPython(
            lambda apps, schema_editor: triggers.install(schema_editor.connection),
            lambda apps, schema_editor: triggers.remove(schema_editor.connection),
        ),
    ]
