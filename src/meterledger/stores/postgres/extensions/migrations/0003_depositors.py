"""A deposit of another party names its depositor; 0003_depositors.sql holds whose payee that is."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("extensions", "0002_taken_back"), ("settlements", "0001_initial")]

    operations = [
        migrations.AddField("extensioncontract", "depositor_id", models.TextField(null=True)),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
