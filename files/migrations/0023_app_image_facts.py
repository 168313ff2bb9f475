"""Store with the bytes of an AppImage what they say about updates."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('files', '0022_fill_public_since'),
    ]

    operations = [
        migrations.AddField(
            model_name='blob',
            name='block_map_bytes',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name='blob',
            name='update_information',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=1024),
        ),
    ]
