"""A bill at zero ends no case that one person alone left uncharged; 0006_left_by_two.sql."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("held", "0005_periods_left")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
