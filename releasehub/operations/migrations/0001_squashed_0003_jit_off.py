import django.utils.timezone
from django.db import migrations, models

from releasehub.operations.migrations._jit import switch_off


class Migration(migrations.Migration):

    replaces = [('operations', '0001_initial'), ('operations', '0002_read_only_mode'), ('operations', '0003_jit_off')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='BackupRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('backup_id', models.CharField(blank=True, max_length=40, verbose_name='backup ID')),
                ('target', models.CharField(max_length=500)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('is_complete', models.BooleanField(verbose_name='complete')),
                ('error', models.CharField(blank=True, max_length=1000)),
                ('file_count', models.PositiveBigIntegerField(default=0, verbose_name='files')),
                ('new_file_count', models.PositiveBigIntegerField(default=0, verbose_name='new files')),
                ('size_bytes', models.PositiveBigIntegerField(default=0, verbose_name='size (bytes)')),
                ('stored_bytes', models.PositiveBigIntegerField(default=0, verbose_name='stored (bytes)')),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-finished_at', '-id'],
                'indexes': [models.Index(fields=['is_complete', '-finished_at'], name='backup_newest')],
            },
        ),
        migrations.CreateModel(
            name='ReadOnlyMode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200)),
                ('since', models.DateTimeField()),
                ('ends_with_storage', models.CharField(blank=True, max_length=10)),
            ],
        ),
        migrations.RunPython(switch_off, migrations.RunPython.noop, elidable=False),
    ]
