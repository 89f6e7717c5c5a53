"""Entries, postings and payments; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("places", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry_id",
                        "effective_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("entry_id", models.TextField()),
                ("effective_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
                ("cause", models.TextField()),
                ("reverses", models.TextField(null=True)),
            ],
            options={
                "db_table": "entry",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry_id",
                        "number",
                        "effective_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("entry_id", models.TextField()),
                ("effective_day", models.DateField()),
                ("number", models.SmallIntegerField()),
                ("ledger_account", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("customer_account_id", models.TextField(null=True)),
            ],
            options={
                "db_table": "posting",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="EntryKey",
            fields=[
                ("entry_id", models.TextField(primary_key=True, serialize=False)),
                ("effective_day", models.DateField()),
            ],
            options={
                "db_table": "entry_key",
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("payment_key", models.TextField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("tender", models.TextField()),
                ("received_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.entrykey"
                    ),
                ),
            ],
            options={
                "db_table": "payment",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)), name="payment_is_positive"
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
