"""Customers and places on two clocks; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("account_id", models.TextField(primary_key=True, serialize=False)),
                ("cycle", models.SmallIntegerField(db_index=True)),
                ("opened_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "account",
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("person_id", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "person",
            },
        ),
        migrations.CreateModel(
            name="Premise",
            fields=[
                ("premise_id", models.TextField(primary_key=True, serialize=False)),
                ("address", models.TextField()),
                ("city", models.TextField()),
                ("state", models.TextField()),
                ("postal_code", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "premise",
            },
        ),
        migrations.CreateModel(
            name="ServicePoint",
            fields=[
                ("service_point_id", models.TextField(primary_key=True, serialize=False)),
                ("learned_at", models.DateTimeField()),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.premise"
                    ),
                ),
            ],
            options={
                "db_table": "service_point",
            },
        ),
        migrations.CreateModel(
            name="AccountHolder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.person"
                    ),
                ),
            ],
            options={
                "db_table": "account_holder",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("account"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            (
                                models.Func(
                                    models.F("person"), models.Value(0), function="hashtextextended"
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="holder_once_per_account_and_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterInstallation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter_id", models.TextField(db_index=True)),
                ("multiplier", models.IntegerField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.servicepoint"
                    ),
                ),
            ],
            options={
                "db_table": "meter_installation",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("meter_id"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="meter_at_one_service_point_a_day",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("service_point"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="one_meter_a_day_at_a_service_point",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("multiplier__gte", 1)),
                        name="multiplier_is_at_least_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agreement_id", models.TextField(db_index=True)),
                ("schedule", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.servicepoint"
                    ),
                ),
            ],
            options={
                "db_table": "agreement",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("service_point"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="one_agreement_a_day_at_a_service_point",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("known__upper_inf", True)),
                        fields=("agreement_id",),
                        name="one_version_of_an_agreement_believed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.TextField()),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "premise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.premise"
                    ),
                ),
            ],
            options={
                "db_table": "tax_place",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("premise"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="tax_place_once_per_premise_and_day",
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
