"""What bills stand on is laid beside them for a transaction; the .sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0010_lines_in_order"),
        ("ledger", "0004_asked_together"),
        ("together", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
