"""A deposit is moved by two people, by their plain names; 0003_a_move_takes_two.sql holds it."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deposits", "0002_payments_that_came_back"),
        ("record", "0002_plain_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="depositstep",
            name="approved_by",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
