"""Two people are two whatever the spaces in their names; 0002_names_of_two_people.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
