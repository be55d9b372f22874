"""A delay that was told belongs to the promise, which the order keeps; it may be told before anybody sets off."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0006_behind")]
    operations = [migrations.RemoveField("visit", "late_notice_minutes")]
