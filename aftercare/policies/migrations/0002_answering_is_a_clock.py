from django.db import migrations


class Migration(migrations.Migration):
    """How fast calls and mails are answered is said by clocks.toml; stored versions lose the fields that said it."""

    dependencies = [("policies", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "UPDATE policies_policyversion SET content = content #- '{forms,answer_by_phone}' "
            "#- '{forms,answer_online}' #- '{forms,answer_by_email}'",
            migrations.RunSQL.noop,
        )
    ]
