from django.db import migrations
from django.utils import timezone


def begin_epoch(apps, schema_editor):
    """Sign where the keyed chain begins, and sign checkpoints as what they are: a head cannot stand in for one.

    The signatures are made by the hub's own code, because their keys and form are not the database's.
    """
    from releasehub.audit import models, signing, triggers

    triggers.remove(schema_editor.connection)
    AuditEntry = apps.get_model("audit", "AuditEntry")
    last = AuditEntry.objects.exclude(position=None).order_by("-position").values("position", "chain_hash").first()
    checkpoints = apps.get_model("audit", "AuditCheckpoint").objects.order_by("-position")
    if last is None:
        last = checkpoints.values("position", "chain_hash").first()
    if last is not None:
        now = timezone.now()
        signature = signing.sign("epoch", last["position"], last["chain_hash"], now)
        apps.get_model("audit", "AuditKeyEpoch").objects.create(**last, created_at=now, signature=signature)
    for row in checkpoints:
        values = {"position": row.position, "chain_hash": row.chain_hash, "created_at": row.created_at}
        if signing.is_signed(models.AuditHead(**values, signature=row.signature)):
            row.signature = signing.sign("checkpoint", row.position, row.chain_hash, row.created_at)
            row.save(update_fields=["signature"])
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0009_keyed_chain")]

    operations = [migrations.RunPython(begin_epoch, migrations.RunPython.noop)]
