"""An effort that was none is taken back; 0004_efforts_taken_back.sql says by whom."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("deposits", "0003_a_move_takes_two"),
        ("record", "0003_plain_names_as_seen"),
    ]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
