from django.db import migrations


def encrypt_tokens(apps, schema_editor):
    """Saving a token encrypts it: the field does."""
    for sink in apps.get_model("audit", "AuditSink").objects.exclude(token=""):
        sink.save(update_fields=["token"])


class Migration(migrations.Migration):

    dependencies = [("audit", "0011_encrypted_sink_tokens")]

    operations = [migrations.RunPython(encrypt_tokens, migrations.RunPython.noop)]
