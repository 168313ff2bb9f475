from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('versions', '0008_fill_public_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='version',
            name='seal_on_publish',
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
