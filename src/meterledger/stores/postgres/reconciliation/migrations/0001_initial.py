"""Bank statements, matches, adjustments, accruals; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial"), ("ledger", "0002_causes_and_periods")]

    operations = [
        migrations.CreateModel(
            name="Accrual",
            fields=[
                ("accrual_key", models.TextField(primary_key=True, serialize=False)),
                ("month_end", models.DateField(unique=True)),
                ("total_cents", models.BigIntegerField()),
                ("record", models.BinaryField()),
                ("record_sha256", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "accrual",
            },
        ),
        migrations.CreateModel(
            name="BankLine",
            fields=[
                ("line_id", models.TextField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("booked_day", models.DateField(db_index=True)),
                ("cents", models.BigIntegerField()),
                ("reference", models.TextField()),
                ("text", models.TextField()),
                ("code", models.TextField()),
            ],
            options={
                "db_table": "bank_line",
            },
        ),
        migrations.CreateModel(
            name="BankFile",
            fields=[
                ("sha256", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("format", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "bank_file",
            },
        ),
        migrations.CreateModel(
            name="BankMatch",
            fields=[
                ("match_id", models.TextField(primary_key=True, serialize=False)),
                ("rule", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "bank_match",
            },
        ),
        migrations.CreateModel(
            name="BankAdjustment",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reconciliation.bankline",
                    ),
                ),
                ("proposed_by", models.TextField()),
                ("approved_by", models.TextField()),
                ("ledger_account", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "bank_adjustment",
            },
        ),
        migrations.CreateModel(
            name="BankMatchExpectation",
            fields=[
                ("expectation_id", models.TextField(primary_key=True, serialize=False)),
                ("entry_id", models.TextField()),
                ("number", models.SmallIntegerField()),
                ("effective_day", models.DateField()),
                ("cents", models.BigIntegerField()),
                (
                    "match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="reconciliation.bankmatch"
                    ),
                ),
            ],
            options={
                "db_table": "bank_match_expectation",
            },
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                ("statement_id", models.TextField(primary_key=True, serialize=False)),
                ("bank_account", models.TextField()),
                ("as_of_day", models.DateField(db_index=True)),
                ("opening_cents", models.BigIntegerField()),
                ("closing_cents", models.BigIntegerField()),
                (
                    "sha256",
                    models.ForeignKey(
                        db_column="sha256",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="reconciliation.bankfile",
                    ),
                ),
            ],
            options={
                "db_table": "bank_statement",
            },
        ),
        migrations.AddField(
            model_name="bankline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="reconciliation.bankstatement"
            ),
        ),
        migrations.CreateModel(
            name="AccrualLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agreement_id", models.TextField()),
                ("account_id", models.TextField(db_index=True)),
                ("schedule", models.TextField()),
                ("service_class", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("priced_days", models.IntegerField()),
                ("energy_wh", models.BigIntegerField(null=True)),
                ("cents", models.BigIntegerField()),
                ("method", models.TextField()),
                ("why", models.TextField()),
                (
                    "accrual",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="reconciliation.accrual"
                    ),
                ),
            ],
            options={
                "db_table": "accrual_line",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("accrual", "agreement_id"),
                        name="an_agreement_is_accrued_once_a_month",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BankMatchLine",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reconciliation.bankline",
                    ),
                ),
                (
                    "match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="reconciliation.bankmatch"
                    ),
                ),
            ],
            options={
                "db_table": "bank_match_line",
            },
        ),
        migrations.CreateModel(
            name="BankLineStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("act", models.TextField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("ledger_account", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="reconciliation.bankline"
                    ),
                ),
            ],
            options={
                "db_table": "bank_line_step",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("line", "number"), name="bank_line_steps_in_order"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.UniqueConstraint(
                fields=("statement", "number"), name="bank_lines_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents", 0), _negated=True), name="a_bank_line_moves_money"
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
