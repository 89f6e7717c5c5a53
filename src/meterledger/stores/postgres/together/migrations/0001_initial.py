"""Which meters come on one bill; 0001_initial.sql holds the claims of bills to it."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("places", "0003_taxes"),
        ("record", "0001_initial"),
        ("bills", "0004_parts_of_a_bill"),
        ("held", "0002_exclusions"),
    ]

    operations = [
        migrations.CreateModel(
            name="BilledTogether",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agreement_id", models.TextField(db_index=True)),
                ("joined_agreement", models.TextField(db_index=True)),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("reasons", models.JSONField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "billed_together",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("joined_agreement"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="billed_with_one_other_a_day",
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
