from django.db import migrations

from releasehub.audit import triggers


class Migration(migrations.Migration):
    """Only the chainer, the clearing of addresses and the pruning may touch a row that was written."""

    dependencies = [("audit", "0003_chain")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: triggers.install(schema_editor.connection),
            lambda apps, schema_editor: triggers.remove(schema_editor.connection),
        )
    ]
