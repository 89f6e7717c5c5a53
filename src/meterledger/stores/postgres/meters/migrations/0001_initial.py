"""Meters on two clocks; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("places", "0002_exchanged_inside_a_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("meter_id", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("maker", models.TextField()),
                ("model", models.TextField()),
                ("serial", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "meter",
            },
        ),
        migrations.CreateModel(
            name="MeterConfiguration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("billed_on", models.TextField()),
                ("interval_seconds", models.IntegerField(null=True)),
                ("registers", models.JSONField()),
                ("settings", models.JSONField()),
                ("fingerprint", models.TextField(db_index=True)),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("known", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="meters.meter"
                    ),
                ),
            ],
            options={
                "db_table": "meter_configuration",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("meter"), models.Value(0), function="hashtextextended"
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="one_configuration_a_day_of_a_meter",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterWork",
            fields=[
                ("work_id", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("removed_meter", models.TextField(db_index=True, null=True)),
                ("installed_meter", models.TextField(db_index=True, null=True)),
                ("worked_at", models.DateTimeField()),
                ("reason", models.TextField()),
                ("closing", models.JSONField()),
                ("opening", models.JSONField()),
                ("learned_at", models.DateTimeField()),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.servicepoint"
                    ),
                ),
            ],
            options={
                "db_table": "meter_work",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_meter__isnull", False),
                            ("installed_meter__isnull", False),
                            _connector="OR",
                        ),
                        name="work_is_about_a_meter",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PremiseLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter_id", models.TextField()),
                ("source", models.TextField()),
                ("confidence", models.SmallIntegerField()),
                ("evidence", models.TextField()),
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
                "db_table": "premise_link",
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
                        name="one_premise_link_a_day_of_a_meter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence__range", (0, 100))),
                        name="confidence_is_zero_to_a_hundred",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnmeteredLoad",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("load_id", models.TextField()),
                ("device", models.TextField()),
                ("count", models.IntegerField()),
                ("volt_amperes", models.IntegerField()),
                ("hours", models.JSONField()),
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
                "db_table": "unmetered_load",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("load_id"),
                                    models.Value(0),
                                    function="hashtextextended",
                                ),
                                "=",
                            ),
                            ("days", "&&"),
                            ("known", "&&"),
                        ],
                        name="one_version_a_day_of_an_unmetered_load",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gte", 1), ("volt_amperes__gte", 1)),
                        name="an_unmetered_load_takes_energy",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
