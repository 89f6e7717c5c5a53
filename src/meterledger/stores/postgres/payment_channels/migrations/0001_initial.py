"""Banks, processor and agencies; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0001_initial"),
        ("places", "0003_taxes"),
        ("bills", "0002_corrections"),
        ("ledger", "0002_causes_and_periods"),
        ("payments", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AchFile",
            fields=[
                ("file_id", models.TextField(primary_key=True, serialize=False)),
                ("created_day", models.DateField()),
                ("modifier", models.TextField()),
                ("effective_day", models.DateField()),
                ("bank_routing", models.TextField()),
                ("company_id", models.TextField()),
                ("company_name", models.TextField()),
                ("bank_name", models.TextField()),
                ("debit_cents", models.BigIntegerField()),
                ("credit_cents", models.BigIntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ach_file",
            },
        ),
        migrations.CreateModel(
            name="AchReturned",
            fields=[
                ("returned_id", models.TextField(primary_key=True, serialize=False)),
                ("file_sha256", models.TextField(db_index=True)),
                ("trace", models.TextField()),
                ("original_trace", models.TextField()),
                ("order_id", models.TextField(db_index=True)),
                ("code", models.TextField()),
                ("act", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("on_day", models.DateField()),
                ("sentence", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("corrected", models.TextField()),
            ],
            options={
                "db_table": "ach_returned",
            },
        ),
        migrations.CreateModel(
            name="AutopayQuestion",
            fields=[
                ("bill_id", models.TextField(primary_key=True, serialize=False)),
                ("on_day", models.DateField()),
                ("cents", models.BigIntegerField()),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "autopay_question",
            },
        ),
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                ("bank_id", models.TextField(primary_key=True, serialize=False)),
                ("holder", models.TextField()),
                ("routing_number", models.TextField()),
                ("kind", models.TextField()),
                ("last_four", models.TextField()),
                ("fingerprint", models.TextField(db_index=True)),
                ("sealed", models.BinaryField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "bank_account",
            },
        ),
        migrations.CreateModel(
            name="AchOrder",
            fields=[
                ("order_id", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("on_day", models.DateField()),
                ("standard", models.TextField()),
                ("description", models.TextField()),
                ("cause", models.TextField()),
                ("attempt", models.IntegerField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payment_channels.bankaccount",
                    ),
                ),
            ],
            options={
                "db_table": "ach_order",
            },
        ),
        migrations.CreateModel(
            name="BankStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.TextField()),
                ("kind", models.TextField()),
                ("code", models.TextField()),
                ("on_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "bank_stop",
            },
        ),
        migrations.CreateModel(
            name="Checkout",
            fields=[
                ("checkout_id", models.TextField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("tender", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("processor", models.TextField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "checkout",
            },
        ),
        migrations.CreateModel(
            name="CheckoutStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("heard_by", models.TextField()),
                ("said", models.TextField()),
                ("cents", models.BigIntegerField()),
                ("sequence", models.IntegerField()),
                ("reference", models.TextField()),
                ("redirect", models.TextField()),
                ("state", models.TextField()),
                ("sentence", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("by", models.TextField()),
                ("payment_key", models.TextField()),
                (
                    "checkout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payment_channels.checkout"
                    ),
                ),
            ],
            options={
                "db_table": "checkout_step",
            },
        ),
        migrations.CreateModel(
            name="ExpectedBankLine",
            fields=[
                ("expectation_id", models.TextField(primary_key=True, serialize=False)),
                ("ledger_account", models.TextField()),
                ("day", models.DateField(db_index=True)),
                ("cents", models.BigIntegerField()),
                ("cause", models.TextField()),
                ("reference", models.TextField()),
                ("batch", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "expected_bank_line",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cents", 0), _negated=True),
                        name="an_expectation_is_of_money",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Pledge",
            fields=[
                ("pledge_id", models.TextField(primary_key=True, serialize=False)),
                ("agency", models.TextField()),
                ("cents", models.BigIntegerField()),
                (
                    "for_items",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("promised_day", models.DateField()),
                ("expires_day", models.DateField()),
                ("by", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "pledge",
            },
        ),
        migrations.CreateModel(
            name="PledgeStep",
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
                ("cents", models.BigIntegerField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("payment_key", models.TextField()),
                (
                    "pledge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payment_channels.pledge"
                    ),
                ),
            ],
            options={
                "db_table": "pledge_step",
            },
        ),
        migrations.CreateModel(
            name="AchOrderEnd",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="payment_channels.achorder",
                    ),
                ),
                ("trace", models.TextField(db_index=True)),
                ("on_day", models.DateField(null=True)),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payment_channels.achfile",
                    ),
                ),
            ],
            options={
                "db_table": "ach_order_end",
            },
        ),
        migrations.CreateModel(
            name="AutopayAnswer",
            fields=[
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="payment_channels.autopayquestion",
                    ),
                ),
                ("is_drawn", models.BooleanField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "autopay_answer",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="a_question_is_answered_by_a_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AutopayEnrollment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("enrollment_id", models.TextField(db_index=True)),
                ("standard", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("most_cents", models.BigIntegerField(null=True)),
                ("authorized", models.TextField()),
                ("by", models.TextField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payment_channels.bankaccount",
                    ),
                ),
            ],
            options={
                "db_table": "autopay_enrollment",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("account_id"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="on_autopay_once_a_day",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="achorder",
            constraint=models.UniqueConstraint(fields=("cause", "attempt"), name="ordered_once"),
        ),
        migrations.AddConstraint(
            model_name="achorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("cents__lt", 10000000000)),
                name="an_order_moves_money",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkout",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0)), name="a_checkout_asks_for_money"
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutstep",
            constraint=models.UniqueConstraint(
                fields=("checkout", "number"), name="checkout_steps_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state", "posted"), models.Q(("payment_key", ""), _negated=True)
                ),
                fields=("checkout",),
                name="a_checkout_is_posted_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("heard_by", "person"), _negated=True),
                    models.Q(("by", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_person_ends_a_checkout_with_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="pledge",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0), ("expires_day__gt", models.F("promised_day"))),
                name="a_pledge_lasts_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="pledgestep",
            constraint=models.UniqueConstraint(
                fields=("pledge", "number"), name="pledge_steps_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="achorderend",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("file__isnull", False),
                        ("reason", ""),
                        models.Q(("trace", ""), _negated=True),
                    ),
                    models.Q(
                        ("file__isnull", True),
                        ("on_day__isnull", False),
                        ("trace", ""),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="sent_or_dropped",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
