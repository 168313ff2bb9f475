from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):

    dependencies = [
        ('downloads', '0022_search_index'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='download',
            index=models.Index(Lower('slug'), name='download_slug_any_case'),
        ),
        migrations.AddIndex(
            model_name='publicslug',
            index=models.Index(Lower('slug'), name='public_slug_any_case'),
        ),
    ]
