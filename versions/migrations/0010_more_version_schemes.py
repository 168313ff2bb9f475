
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('versions', '0009_version_seal_on_publish'),
    ]

    operations = [
        migrations.AlterField(
            model_name='version',
            name='scheme',
            field=models.CharField(choices=[('semver', 'Semver'), ('dotted', 'Dotted'), ('calver', 'Calver'), ('build', 'Build'), ('pep440', 'Pep440'), ('other', 'Other')], editable=False, max_length=10),
        ),
    ]
