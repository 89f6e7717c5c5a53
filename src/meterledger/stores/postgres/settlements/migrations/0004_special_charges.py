"""Charges that are no part of electric service; 0004_special_charges.sql says what they may be."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlements", "0003_plain_names")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "special"), _negated=True),
                    ("needs_two", True),
                    _connector="OR",
                ),
                name="a_special_charge_needs_two",
            ),
        ),
    ]
