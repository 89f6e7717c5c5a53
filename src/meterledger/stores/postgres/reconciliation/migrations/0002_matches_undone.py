"""A match can be undone, and what is open on both sides of the bank is marked."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0001_initial"), ("ledger", "0002_causes_and_periods")]

    operations = [
        migrations.CreateModel(
            name="BankOpenExpectation",
            fields=[
                ("expectation_id", models.TextField(primary_key=True, serialize=False)),
                ("entry_id", models.TextField()),
                ("number", models.SmallIntegerField()),
                ("effective_day", models.DateField()),
                ("cents", models.BigIntegerField()),
            ],
            options={"db_table": "bank_open_expectation"},
        ),
        migrations.CreateModel(
            name="BankOpenLine",
            fields=[("line_id", models.TextField(primary_key=True, serialize=False))],
            options={"db_table": "bank_open_line"},
        ),
        migrations.CreateModel(
            name="BankUnmatch",
            fields=[
                (
                    "match",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reconciliation.bankmatch",
                    ),
                ),
                ("by", models.TextField()),
                ("approved_by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "bank_unmatch"},
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name="BankMatchLine"),
                migrations.DeleteModel(name="BankMatchExpectation"),
                migrations.DeleteModel(name="BankAdjustment"),
                migrations.CreateModel(
                    name="BankMatchLine",
                    fields=[
                        ("pk", models.CompositePrimaryKey("line", "match", serialize=False)),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="reconciliation.bankline",
                            ),
                        ),
                        (
                            "match",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="reconciliation.bankmatch",
                            ),
                        ),
                    ],
                    options={"db_table": "bank_match_line"},
                ),
                migrations.CreateModel(
                    name="BankMatchExpectation",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey("expectation_id", "match", serialize=False),
                        ),
                        ("expectation_id", models.TextField()),
                        (
                            "match",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="reconciliation.bankmatch",
                            ),
                        ),
                        ("entry_id", models.TextField()),
                        ("number", models.SmallIntegerField()),
                        ("effective_day", models.DateField()),
                        ("cents", models.BigIntegerField()),
                    ],
                    options={"db_table": "bank_match_expectation"},
                ),
                migrations.CreateModel(
                    name="BankAdjustment",
                    fields=[
                        ("adjustment_key", models.TextField(primary_key=True, serialize=False)),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="reconciliation.bankline",
                            ),
                        ),
                        ("proposed_by", models.TextField()),
                        ("approved_by", models.TextField()),
                        ("ledger_account", models.TextField()),
                        ("learned_at", models.DateTimeField()),
                    ],
                    options={"db_table": "bank_adjustment"},
                ),
            ],
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
