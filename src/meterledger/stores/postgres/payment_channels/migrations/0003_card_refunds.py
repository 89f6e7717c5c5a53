"""Refunds to cards go through the processor: begun once, heard of afterwards."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payment_channels", "0002_credits_are_refunds"),
        ("settlements", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardRefund",
            fields=[
                ("refund_id", models.TextField(primary_key=True, serialize=False)),
                ("settlement_id", models.TextField(db_index=True)),
                (
                    "checkout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payment_channels.checkout",
                    ),
                ),
                ("account_id", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("processor", models.TextField()),
                ("by", models.TextField()),
            ],
            options={"db_table": "card_refund"},
        ),
        migrations.CreateModel(
            name="CardRefundStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payment_channels.cardrefund",
                    ),
                ),
                ("number", models.IntegerField()),
                ("heard_by", models.TextField()),
                ("said", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("sequence", models.IntegerField()),
                ("reference", models.TextField()),
                ("state", models.TextField()),
                ("sentence", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("by", models.TextField()),
            ],
            options={
                "db_table": "card_refund_step",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("refund", "number"), name="card_refund_steps_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("heard_by", "person"), _negated=True)
                        | models.Q(("by", ""), _negated=True),
                        name="a_person_ends_a_card_refund_with_a_name",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
