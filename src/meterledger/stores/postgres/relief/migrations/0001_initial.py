"""Agreements that adjust charges, and bills' relief; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0002_plain_names"),
        ("places", "0001_initial"),
        ("ledger", "0002_causes_and_periods"),
        ("bills", "0005_plain_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReliefAgreement",
            fields=[
                ("relief_id", models.TextField(primary_key=True, serialize=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                ("service_point_id", models.TextField(db_index=True)),
                ("schedule", models.TextField()),
                ("cause", models.TextField()),
                ("months", models.JSONField()),
                ("terms", models.JSONField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "relief_agreement"},
        ),
        migrations.CreateModel(
            name="ReliefStep",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "relief_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("relief_id", models.TextField()),
                ("number", models.IntegerField()),
                ("act", models.TextField()),
                ("on_day", models.DateField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("from_day", models.DateField(null=True)),
                ("record", models.BinaryField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "relief_step"},
        ),
        migrations.CreateModel(
            name="BillRelief",
            fields=[
                ("bill_id", models.TextField(primary_key=True, serialize=False)),
                ("relief_id", models.TextField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                ("charge_cents", models.BigIntegerField()),
                ("tax_cents", models.BigIntegerField()),
                ("record", models.BinaryField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "bill_relief"},
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
