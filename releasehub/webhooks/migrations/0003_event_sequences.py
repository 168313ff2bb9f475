from django.db import migrations

NUMBER = """
    UPDATE webhooks_event SET sequence = numbered.sequence
    FROM (
        SELECT id, row_number() OVER (PARTITION BY object_type, object_id ORDER BY id) AS sequence FROM webhooks_event
    ) AS numbered
    WHERE numbered.id = webhooks_event.id
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_endpoints_deliveries")]

    operations = [migrations.RunSQL(NUMBER, migrations.RunSQL.noop)]
