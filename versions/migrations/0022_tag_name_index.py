from django.db import migrations, models
from django.db.models.functions import Concat, Substr
from django.db.models.lookups import In

from releasehub.core.collation import Bytewise
from releasehub.core.index_operations import AddIndexConcurrently

TAG_NAME = Bytewise(
    models.Case(
        models.When(~models.Q(tag=""), then="tag"),
        models.When(In(Substr("number", 1, 1), list("0123456789")), then=Concat(models.Value("v"), "number")),
        default="number",
    )
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("versions", "0021_run_number")]

    operations = [AddIndexConcurrently("version", models.Index("download", TAG_NAME, name="version_tag_name"))]
