"""Cancelled bills and what took their place; 0002_corrections.sql has the checks at commit."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bills", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BillCorrection",
            fields=[
                ("cancelled_bill", models.TextField(primary_key=True, serialize=False)),
                ("corrected_bill", models.TextField(unique=True)),
                ("account_id", models.TextField(db_index=True)),
                ("case_id", models.TextField()),
                ("cause", models.TextField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("reversal_entry_id", models.TextField(null=True, unique=True)),
                ("decision", models.TextField()),
            ],
            options={"db_table": "bill_correction"},
        ),
        migrations.CreateModel(
            name="DifferenceLeft",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bill_id",
                        "computed_sha256",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bill_id", models.TextField()),
                ("computed_sha256", models.TextField()),
                ("account_id", models.TextField(db_index=True)),
                ("difference_cents", models.BigIntegerField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={"db_table": "difference_left"},
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
