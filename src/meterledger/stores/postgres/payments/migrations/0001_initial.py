"""Receipts, applications, files; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial"), ("ledger", "0002_causes_and_periods")]

    operations = [
        migrations.CreateModel(
            name="Application",
            fields=[
                ("application_id", models.TextField(primary_key=True, serialize=False)),
                ("source_entry_id", models.TextField(db_index=True)),
                ("item_id", models.TextField()),
                ("kind", models.TextField()),
                ("account_id", models.TextField(db_index=True)),
                ("cents", models.BigIntegerField()),
                ("applied_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
                ("undoes", models.TextField(null=True, unique=True)),
            ],
            options={
                "db_table": "application",
            },
        ),
        migrations.CreateModel(
            name="ReceiptStep",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "payment_key",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("payment_key", models.TextField()),
                ("number", models.IntegerField()),
                ("act", models.TextField()),
                ("state", models.TextField()),
                ("on_day", models.DateField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("entry_id", models.TextField(null=True)),
                ("account_id", models.TextField(null=True)),
            ],
            options={
                "db_table": "receipt_step",
            },
        ),
        migrations.CreateModel(
            name="PaymentFile",
            fields=[
                ("sha256", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("profile", models.TextField()),
                ("deposited_day", models.DateField(db_index=True)),
                ("received_count", models.BigIntegerField()),
                ("received_cents", models.BigIntegerField()),
                ("posted_count", models.BigIntegerField()),
                ("posted_cents", models.BigIntegerField()),
                ("unapplied_count", models.BigIntegerField()),
                ("unapplied_cents", models.BigIntegerField()),
                ("refused_count", models.BigIntegerField()),
                ("refused_cents", models.BigIntegerField()),
                ("by", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payment_file",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "received_cents",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("posted_cents"), "+", models.F("unapplied_cents")
                                    ),
                                    "+",
                                    models.F("refused_cents"),
                                ),
                            ),
                            (
                                "received_count",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("posted_count"), "+", models.F("unapplied_count")
                                    ),
                                    "+",
                                    models.F("refused_count"),
                                ),
                            ),
                        ),
                        name="every_line_of_a_payment_file_is_counted",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentFileLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.IntegerField()),
                ("text", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("why", models.TextField()),
                (
                    "file",
                    models.ForeignKey(
                        db_column="sha256",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payments.paymentfile",
                    ),
                ),
            ],
            options={
                "db_table": "payment_file_line",
                "constraints": [
                    models.UniqueConstraint(fields=("file", "line"), name="a_line_is_refused_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("payment_key", models.TextField(primary_key=True, serialize=False)),
                ("account_told", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("tender", models.TextField()),
                ("channel", models.TextField()),
                ("received_day", models.DateField(db_index=True)),
                ("learned_at", models.DateTimeField()),
                ("is_mailed", models.BooleanField()),
                ("reference", models.TextField()),
                ("check_number", models.TextField()),
                ("line", models.IntegerField(null=True)),
                (
                    "file",
                    models.ForeignKey(
                        db_column="file_sha256",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payments.paymentfile",
                    ),
                ),
            ],
            options={
                "db_table": "receipt",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents__gt", 0)), name="receipt_is_positive"
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
