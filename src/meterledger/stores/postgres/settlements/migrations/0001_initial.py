"""Settlements, their steps, verified payees; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0002_causes_and_periods"),
        ("places", "0003_taxes"),
        ("record", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VerifiedPayee",
            fields=[
                ("payee_id", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("means", models.TextField()),
                ("details", models.TextField()),
                ("verified_by", models.TextField()),
                ("evidence", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "verified_payee",
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("settlement_id", models.TextField(primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("kind", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("source", models.TextField()),
                ("needs_two", models.BooleanField()),
                ("ceiling_cents", models.BigIntegerField(null=True)),
                ("by_day", models.DateField(null=True)),
                ("about", models.TextField()),
                ("payee_name", models.TextField()),
                ("payee_means", models.TextField()),
                ("record", models.TextField()),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="places.account",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.payment"
                    ),
                ),
                (
                    "to_account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settled_here",
                        to="places.account",
                    ),
                ),
                (
                    "payee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="settlements.verifiedpayee",
                    ),
                ),
            ],
            options={
                "db_table": "settlement",
            },
        ),
        migrations.CreateModel(
            name="SettlementStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("act", models.TextField()),
                ("on_day", models.DateField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("entry_id", models.TextField(null=True, unique=True)),
                ("entry_key", models.TextField(db_index=True, null=True)),
                ("reference", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="settlements.settlement"
                    ),
                ),
            ],
            options={
                "db_table": "settlement_step",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("settlement", "number"), name="settlement_steps_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="a_settlement_step_has_a_name_and_a_reason",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="verifiedpayee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verified_by", ""), _negated=True),
                    models.Q(("evidence", ""), _negated=True),
                    models.Q(("name", ""), _negated=True),
                ),
                name="a_payee_is_verified_by_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0)), name="a_settlement_is_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["refund", "credit"]), _negated=True),
                    ("needs_two", True),
                    _connector="OR",
                ),
                name="leaving_or_forgiven_money_needs_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ceiling_cents__isnull", True),
                    ("cents__lte", models.F("ceiling_cents")),
                    ("needs_two", True),
                    _connector="OR",
                ),
                name="above_the_ceiling_needs_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "refund"), ("payee__isnull", True), ("payment__isnull", False)
                    ),
                    models.Q(
                        ("kind", "refund"), ("payee__isnull", False), ("payment__isnull", True)
                    ),
                    models.Q(
                        models.Q(("kind", "refund"), _negated=True),
                        ("payee__isnull", True),
                        ("payment__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="a_refund_goes_to_its_source_or_a_payee",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("about", ""), _negated=True),
                fields=("kind", "about"),
                name="a_payment_is_charged_and_recovered_once",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
