from django.db import migrations

from releasehub.operations.migrations._jit import switch_off


class Migration(migrations.Migration):
    dependencies = [("operations", "0002_read_only_mode")]

    operations = [migrations.RunPython(switch_off, migrations.RunPython.noop, elidable=False)]
