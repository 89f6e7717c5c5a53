"""What is due to a depositor goes to them alone; 0007_to_depositors.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlements", "0006_booked_anew"), ("extensions", "0003_depositors")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
