from django.db import migrations, models

from releasehub.search.migrations._full_text import create_table, drop_table


class Migration(migrations.Migration):

    replaces = [('search', '0001_initial'), ('search', '0002_facet'), ('search', '0003_rebuild')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='SearchCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField()),
                ('built_id', models.PositiveBigIntegerField(default=0, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WordTrigram',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trigram', models.CharField(max_length=3)),
                ('word', models.CharField(db_index=True, max_length=40)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('trigram', 'word'), name='word_trigram_once')],
            },
        ),
        migrations.CreateModel(
            name='Facet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('download_id', models.PositiveBigIntegerField()),
                ('kind', models.CharField(choices=[('platform', 'Platform'), ('license', 'License'), ('channel', 'Channel'), ('tag', 'Tag')], max_length=10)),
                ('value', models.CharField(max_length=256)),
                ('label', models.CharField(max_length=256)),
            ],
            options={
                'indexes': [models.Index(fields=['kind', 'value', 'download_id'], name='facet_value')],
                'constraints': [models.UniqueConstraint(fields=('download_id', 'kind', 'value'), name='facet_once')],
            },
        ),
        migrations.RunPython(create_table, drop_table),
    ]
