"""Late charges, reversals, waits, runs; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("places", "0001_initial"),
        ("bills", "0001_initial"),
        ("ledger", "0002_causes_and_periods"),
        ("payments", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LateCharge",
            fields=[
                ("late_charge_id", models.TextField(primary_key=True, serialize=False)),
                ("bill_id", models.TextField()),
                ("delinquent_day", models.DateField()),
                ("on_day", models.DateField(db_index=True)),
                ("cents", models.BigIntegerField()),
                ("base_cents", models.BigIntegerField()),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                (
                    "rests_on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("clause", models.TextField()),
                ("standing", models.TextField()),
                ("record", models.BinaryField()),
                ("record_sha256", models.TextField()),
                ("book_sha256", models.TextField()),
                ("known_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="late_charges.latecharge",
                    ),
                ),
            ],
            options={
                "db_table": "late_charge",
            },
        ),
        migrations.CreateModel(
            name="LateChargeReversal",
            fields=[
                (
                    "late_charge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="late_charges.latecharge",
                    ),
                ),
                ("account_id", models.TextField(db_index=True)),
                ("cause", models.TextField()),
                ("reason", models.TextField()),
                ("by", models.TextField()),
                ("approved_by", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "late_charge_reversal",
            },
        ),
        migrations.CreateModel(
            name="LateChargeRun",
            fields=[
                ("run_id", models.TextField(primary_key=True, serialize=False)),
                ("on_day", models.DateField(db_index=True)),
                ("scope", models.TextField()),
                ("considered", models.BigIntegerField()),
                ("charged", models.BigIntegerField()),
                ("not_charged", models.BigIntegerField()),
                ("refused", models.BigIntegerField()),
                ("charges", models.BigIntegerField()),
                ("cents", models.BigIntegerField()),
                ("by_code", models.JSONField()),
                ("book_sha256", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "late_charge_run",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "considered",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("charged"), "+", models.F("not_charged")
                                    ),
                                    "+",
                                    models.F("refused"),
                                ),
                            )
                        ),
                        name="considered_is_charged_not_charged_and_refused",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LateChargeWait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delinquent_day", models.DateField()),
                ("on_day", models.DateField()),
                ("code", models.TextField()),
                ("sentence", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "late_charge_wait",
            },
        ),
        migrations.CreateModel(
            name="GovernmentAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_day", models.DateField()),
                ("holder", models.TextField()),
                ("legal_basis", models.TextField(null=True)),
                ("percent_by_law", models.TextField(null=True)),
                ("days_after_issue", models.IntegerField(null=True)),
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
                "db_table": "government_account",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("days_after_issue", None), ("percent_by_law", None)),
                            models.Q(("legal_basis", None), _negated=True),
                            _connector="OR",
                        ),
                        name="terms_of_its_own_rest_on_a_law",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="latecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("cents__gt", 0)), name="late_charge_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="latecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_day__gt", models.F("delinquent_day"))),
                name="late_charge_is_after_its_delinquent_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="latechargewait",
            constraint=models.UniqueConstraint(
                fields=("account", "delinquent_day", "on_day"), name="a_wait_is_kept_once"
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
