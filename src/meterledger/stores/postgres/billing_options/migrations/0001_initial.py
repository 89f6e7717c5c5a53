"""Budget plans, due dates, delivery; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("places", "0002_exchanged_inside_a_day"),
        ("record", "0001_initial"),
        ("bills", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BudgetElection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan_id", models.TextField(db_index=True)),
                ("from_day", models.DateField()),
                ("month_option", models.TextField()),
                ("reevaluation_month", models.SmallIntegerField()),
                ("settlement_option", models.TextField()),
                ("elected", models.BooleanField()),
                ("reasons", models.JSONField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "budget_election",
            },
        ),
        migrations.CreateModel(
            name="BudgetAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan_id", models.TextField()),
                ("month", models.DateField()),
                ("from_day", models.DateField()),
                ("cents", models.BigIntegerField()),
                ("cause", models.TextField()),
                ("adjusted", models.BooleanField()),
                ("estimate", models.JSONField()),
                ("reasons", models.JSONField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "budget_amount",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("plan_id", "month"), name="one_decision_a_month_of_review"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cents__gte", 0)),
                        name="a_monthly_amount_is_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetBill",
            fields=[
                ("bill_id", models.TextField(primary_key=True, serialize=False)),
                ("plan_id", models.TextField(db_index=True)),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("kind", models.TextField()),
                ("plan_amount_cents", models.BigIntegerField()),
                ("rolled_over_part_cents", models.BigIntegerField()),
                ("settlement_cents", models.BigIntegerField()),
                ("charges_cents", models.BigIntegerField()),
                ("asked_cents", models.BigIntegerField()),
                (
                    "rolled_over_cents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "budget_bill",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "asked_cents",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("plan_amount_cents"),
                                        "+",
                                        models.F("rolled_over_part_cents"),
                                    ),
                                    "+",
                                    models.F("settlement_cents"),
                                ),
                            )
                        ),
                        name="what_is_asked_is_the_sum_of_its_parts",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan_id", models.TextField(db_index=True)),
                ("service_point_id", models.TextField()),
                ("ended", models.TextField()),
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
                "db_table": "budget_plan",
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
                        name="one_budget_plan_a_day",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("known__upper_inf", True)),
                        fields=("plan_id",),
                        name="one_version_of_a_budget_plan_believed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryPreference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("medium", models.TextField()),
                ("address", models.TextField()),
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
                "db_table": "delivery_preference",
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
                        name="one_delivery_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("medium__in", ["paper", "electronic"])),
                        name="delivered_on_paper_or_electronically",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DueDateChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.TextField()),
                ("day_of_month", models.SmallIntegerField()),
                ("person", models.JSONField()),
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
                "db_table": "due_date_choice",
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
                        name="one_due_date_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("day_of_month__gte", 1),
                                ("day_of_month__lte", 28),
                                ("kind", "preferred"),
                            ),
                            models.Q(("day_of_month", 0), ("kind", "deferred")),
                            _connector="OR",
                        ),
                        name="a_day_that_every_month_has",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
