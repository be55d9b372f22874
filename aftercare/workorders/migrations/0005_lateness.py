from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workorders", "0004_repeats")]
    operations = [
        migrations.AddField("workorder", "late_minutes", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("workorder", "late_told_at", models.DateTimeField(null=True)),
    ]
