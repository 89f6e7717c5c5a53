"""What customers owe and ledger accounts come to is kept; the SQL file has what Django cannot say."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_causes_and_periods")]

    operations = [
        migrations.CreateModel(
            name="ReceivableBalance",
            fields=[
                ("account_id", models.TextField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("deferred_cents", models.BigIntegerField()),
                ("since_day", models.DateField(null=True)),
                ("last_day", models.DateField(null=True)),
            ],
            options={"db_table": "receivable_balance"},
        ),
        migrations.CreateModel(
            name="LedgerSum",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_account",
                        "shard",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("ledger_account", models.TextField()),
                ("shard", models.SmallIntegerField()),
                ("cents", models.BigIntegerField()),
            ],
            options={"db_table": "ledger_sum"},
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
