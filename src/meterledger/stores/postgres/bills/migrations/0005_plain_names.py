"""Two people are two by their plain names; 0005_plain_names.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bills", "0004_parts_of_a_bill"), ("record", "0002_plain_names")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
