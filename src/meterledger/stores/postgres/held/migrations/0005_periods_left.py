"""A held period that two people leave uncharged; 0005_periods_left.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("held", "0004_plain_names")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
