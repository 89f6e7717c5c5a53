"""Two people are two by their plain names; 0006_plain_names.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0005_names_of_two_people"), ("record", "0002_plain_names")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
