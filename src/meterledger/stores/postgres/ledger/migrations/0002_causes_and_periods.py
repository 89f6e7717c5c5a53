"""Causes of entries, exact reversals, accounting periods; the SQL file has what Django cannot say."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("bills", "0002_corrections")]

    operations = [
        migrations.CreateModel(
            name="PeriodClose",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("closed_by", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "period_close"},
        ),
        migrations.CreateModel(
            name="PeriodTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "month",
                        "ledger_account",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField()),
                ("ledger_account", models.TextField()),
                ("debit_cents", models.BigIntegerField()),
                ("credit_cents", models.BigIntegerField()),
                ("legs", models.BigIntegerField()),
            ],
            options={"db_table": "period_total"},
        ),
        migrations.AddField("entry", "booked_day", models.DateField(null=True)),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
