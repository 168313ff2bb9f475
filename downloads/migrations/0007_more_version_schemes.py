
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('downloads', '0006_access_key_use'),
    ]

    operations = [
        migrations.AlterField(
            model_name='download',
            name='version_scheme',
            field=models.CharField(blank=True, choices=[('', 'by its form'), ('semver', 'Semantic Versioning'), ('dotted', 'two to four numbers'), ('calver', 'YYYY.MM.DD-HHMMSS'), ('build', 'counted builds, 1.0.0+2 after 1.0.0+1 (Flutter, JDK)'), ('pep440', 'Python (PEP 440)'), ('other', 'free')], default='', max_length=10),
        ),
    ]
