"""Two people are two whatever the spaces in their names; 0005_names_of_two_people.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0004_sums_kept")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
