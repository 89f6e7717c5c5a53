"""Held cases, their steps, runs of bills; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial"), ("bills", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="HeldCase",
            fields=[
                ("case_id", models.TextField(primary_key=True, serialize=False)),
                ("account_id", models.TextField(db_index=True)),
                ("agreement_id", models.TextField(db_index=True)),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField(null=True)),
                ("ordinal", models.IntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "held_case",
            },
        ),
        migrations.CreateModel(
            name="BillRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.TextField()),
                ("state", models.TextField()),
                ("scope", models.TextField()),
                ("on_day", models.DateField(db_index=True)),
                ("due", models.BigIntegerField()),
                ("billed", models.BigIntegerField()),
                ("held", models.BigIntegerField()),
                ("excluded", models.BigIntegerField()),
                ("known_already", models.BigIntegerField()),
                ("total_cents", models.BigIntegerField()),
                ("energy_wh", models.BigIntegerField()),
                ("estimated", models.BigIntegerField()),
                ("zero", models.BigIntegerField()),
                ("by_code", models.JSONField()),
                ("findings", models.JSONField()),
                ("sentence", models.TextField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "bill_run",
                "constraints": [
                    models.UniqueConstraint(fields=("run_id", "state"), name="a_run_ends_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "due",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("billed"), "+", models.F("held")
                                    ),
                                    "+",
                                    models.F("excluded"),
                                ),
                            )
                        ),
                        name="due_is_billed_held_and_excluded",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("act", models.TextField()),
                ("on_day", models.DateField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("code", models.TextField()),
                ("sentence", models.TextField()),
                ("findings", models.JSONField()),
                ("total_cents", models.BigIntegerField(null=True)),
                ("energy_wh", models.BigIntegerField(null=True)),
                ("ceiling_cents", models.BigIntegerField(null=True)),
                ("bill_id", models.TextField(db_index=True)),
                ("learned_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="held.heldcase"
                    ),
                ),
            ],
            options={
                "db_table": "held_step",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="held_steps_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("act__in", ["released", "approved", "excluded", "reopened"]),
                                _negated=True,
                            ),
                            models.Q(
                                models.Q(("by", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_person_decides_with_a_name_and_a_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
