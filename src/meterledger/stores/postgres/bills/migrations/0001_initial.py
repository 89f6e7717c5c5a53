"""Claims, bills, lines, citations, held bills; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Bill",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bill_id",
                        "issued_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bill_id", models.TextField()),
                ("issued_day", models.DateField()),
                ("account_id", models.TextField()),
                ("agreement_id", models.TextField()),
                ("service_point_id", models.TextField()),
                ("schedule", models.TextField()),
                ("kind", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("due_day", models.DateField()),
                ("energy_wh", models.BigIntegerField()),
                ("total_cents", models.BigIntegerField()),
                ("line_count", models.IntegerField()),
                ("standing", models.TextField()),
                ("tax_place", models.TextField()),
                ("previous_balance_cents", models.BigIntegerField()),
                ("entry_id", models.TextField(null=True)),
                ("known_at", models.DateTimeField()),
                ("lake_sequence", models.BigIntegerField()),
                ("book_sha256", models.TextField()),
                ("record", models.BinaryField()),
                ("record_sha256", models.TextField()),
            ],
            options={
                "db_table": "bill",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="BillLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bill_id",
                        "number",
                        "issued_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bill_id", models.TextField()),
                ("issued_day", models.DateField()),
                ("number", models.SmallIntegerField()),
                ("code", models.TextField()),
                ("label", models.TextField()),
                ("charge_group", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("quantity", models.TextField()),
                ("unit", models.TextField()),
                ("price_usd", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("standing", models.TextField()),
                (
                    "citation_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
            ],
            options={
                "db_table": "bill_line",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Citation",
            fields=[
                ("citation_id", models.TextField(primary_key=True, serialize=False)),
                ("instrument", models.TextField()),
                ("sheet", models.TextField()),
                ("revision", models.TextField(null=True)),
                ("paragraph", models.TextField()),
                ("effective", models.DateField()),
                ("order", models.TextField(null=True)),
            ],
            options={
                "db_table": "citation",
            },
        ),
        migrations.CreateModel(
            name="HeldBill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on_day", models.DateField()),
                ("account_id", models.TextField(db_index=True)),
                ("agreement_id", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField(null=True)),
                ("code", models.TextField()),
                ("sentence", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "held_bill",
            },
        ),
        migrations.CreateModel(
            name="ServicePeriodClaim",
            fields=[
                ("bill_id", models.TextField(primary_key=True, serialize=False)),
                ("agreement_id", models.TextField(db_index=True)),
                ("account_id", models.TextField(db_index=True)),
                ("service_point_id", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("issued_day", models.DateField()),
                ("known_at", models.DateTimeField()),
                ("cancelled_by", models.TextField(null=True)),
            ],
            options={
                "db_table": "service_period_claim",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("cancelled_by__isnull", True)),
                        expressions=[
                            (
                                models.Func(
                                    models.F("service_point_id"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                        ],
                        name="one_live_bill_for_a_service_period",
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
