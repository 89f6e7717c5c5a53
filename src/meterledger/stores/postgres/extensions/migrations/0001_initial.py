"""Contracts of extensions and their events; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial"), ("ledger", "0002_causes_and_periods")]

    operations = [
        migrations.CreateModel(
            name="ExtensionContract",
            fields=[
                ("contract_id", models.TextField(primary_key=True, serialize=False)),
                ("account_id", models.TextField(db_index=True)),
                ("requested_day", models.DateField()),
                ("by", models.TextField()),
                ("terms", models.JSONField()),
                ("record", models.BinaryField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "extension_contract",
            },
        ),
        migrations.CreateModel(
            name="ExtensionEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "contract_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("contract_id", models.TextField()),
                ("number", models.IntegerField()),
                ("event_key", models.TextField(unique=True)),
                ("act", models.TextField()),
                ("on_day", models.DateField()),
                ("about", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("advance_cents", models.BigIntegerField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("data", models.JSONField()),
                ("record", models.BinaryField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "extension_event",
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
