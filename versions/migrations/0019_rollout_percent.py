"""Add the share of clients that a version is offered to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('versions', '0018_tags'),
    ]

    operations = [
        migrations.AddField(
            model_name='version',
            name='rollout_percent',
            field=models.PositiveSmallIntegerField(db_default=100, default=100, help_text='The share of clients that are offered this version. 100 offers it to everyone.', verbose_name='rollout (percent)'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.CheckConstraint(condition=models.Q(('rollout_percent__lte', 100)), name='version_rollout_percent'),
        ),
    ]
