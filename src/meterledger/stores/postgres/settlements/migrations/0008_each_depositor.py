"""What a depositor is due is counted contract by contract; 0008_each_depositor.sql does it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlements", "0007_to_depositors")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
