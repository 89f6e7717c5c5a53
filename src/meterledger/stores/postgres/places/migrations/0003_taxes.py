"""Sales-tax jurisdictions of premises, and certificates of exemption; 0003_taxes.sql keeps them."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


def hashed(key):
    return (models.Func(models.F(key), models.Value(0), function="hashtextextended"), "=")


class Migration(migrations.Migration):
    dependencies = [("places", "0002_exchanged_inside_a_day")]

    operations = [
        migrations.CreateModel(
            name="SalesTaxPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("jurisdiction", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.premise"
                    ),
                ),
            ],
            options={
                "db_table": "sales_tax_place",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[hashed("premise"), ("days", "&&"), ("known", "&&")],
                        name="sales_tax_place_once_per_premise_and_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxExemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agreement_id", models.TextField()),
                ("tax", models.TextField()),
                ("kind", models.TextField()),
                ("certificate", models.TextField()),
                ("share", models.TextField()),
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
                "db_table": "tax_exemption",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            hashed("account"),
                            hashed("agreement_id"),
                            hashed("tax"),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="exemption_once_per_tax_and_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share__regex", "^(1|[1-9][0-9]*/[1-9][0-9]*)$")),
                        name="a_share_above_nothing",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
