"""Deposits and their steps; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0001_initial"),
        ("places", "0001_initial"),
        ("ledger", "0002_causes_and_periods"),
        ("bills", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deposit",
            fields=[
                ("deposit_id", models.TextField(primary_key=True, serialize=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                ("kind", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "deposit",
            },
        ),
        migrations.CreateModel(
            name="DepositStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("step_id", models.TextField(unique=True)),
                ("key", models.TextField()),
                ("act", models.TextField()),
                ("on_day", models.DateField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("until_day", models.DateField(null=True)),
                ("note", models.TextField()),
                ("parts", models.JSONField()),
                ("record", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "deposit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="deposits.deposit"
                    ),
                ),
            ],
            options={
                "db_table": "deposit_step",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deposit", "number"), name="deposit_steps_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("by", ""), _negated=True), ("cents__gte", 0)),
                        name="a_deposit_step_is_somebodys",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
