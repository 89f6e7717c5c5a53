"""Combination bills; 0001_initial.sql adds what Django cannot say."""

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
        ("bills", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Combination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("combination_id", models.TextField(db_index=True)),
                ("customer", models.TextField()),
                ("reasons", models.JSONField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
            ],
            options={
                "db_table": "combination",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("known__upper_inf", True)),
                        fields=("combination_id",),
                        name="one_version_of_a_combination_believed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CombinedStatement",
            fields=[
                ("statement_id", models.TextField(primary_key=True, serialize=False)),
                ("combination_id", models.TextField(db_index=True)),
                ("customer", models.TextField()),
                ("issued_day", models.DateField()),
                ("due_day", models.DateField()),
                ("charges_cents", models.BigIntegerField()),
                ("asked_cents", models.BigIntegerField()),
                ("reasons", models.JSONField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "combined_statement",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("due_day__gte", models.F("issued_day"))),
                        name="a_statement_is_due_after_it_is_issued",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CombinedAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("combination_id", models.TextField(db_index=True)),
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
                "db_table": "combined_account",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("account"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="one_combination_a_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CombinedBill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.IntegerField()),
                ("bill_id", models.TextField()),
                ("kind", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("charges_cents", models.BigIntegerField()),
                ("asked_cents", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="combinations.combinedstatement",
                    ),
                ),
            ],
            options={
                "db_table": "combined_bill",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bill_id", "kind"), name="a_bill_stands_on_one_statement"
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
