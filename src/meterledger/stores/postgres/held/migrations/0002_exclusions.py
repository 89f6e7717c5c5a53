"""What one person keeps back leaves by nobody else; 0002_exclusions.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("held", "0001_initial"), ("bills", "0002_corrections")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
