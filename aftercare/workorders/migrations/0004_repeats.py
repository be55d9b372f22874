"""Orders say whether they are a repeat, so that the report of a month counts them without looking back for each."""

from datetime import timedelta

from django.db import migrations, models
from django.db.models import Exists, OuterRef


def mark(apps, schema_editor):
    orders = apps.get_model("workorders", "WorkOrder").objects
    before = orders.filter(
        request__customer_id=OuterRef("request__customer_id"), request__product_model=OuterRef("request__product_model"),
        state="completed", completed_at__lt=OuterRef("completed_at"), completed_at__gte=OuterRef("completed_at") - timedelta(days=30),
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    done = orders.filter(state="completed").exclude(request__product_model="")
    orders.filter(pk__in=done.filter(Exists(before)).values("pk")).update(is_repeat=True)


class Migration(migrations.Migration):
    dependencies = [("workorders", "0003_nobody_has")]
    operations = [
        migrations.AddField("workorder", "is_repeat", models.BooleanField(default=False)),
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
