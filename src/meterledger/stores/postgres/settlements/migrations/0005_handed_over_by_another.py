"""Two people hand money to the State; 0005_handed_over_by_another.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlements", "0004_special_charges")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
