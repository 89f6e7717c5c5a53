"""What meters report, and cases about it; 0002_events_and_cases.sql keeps them as they are."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meters", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeterCase",
            fields=[
                ("case_id", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("meter_id", models.TextField(db_index=True)),
                ("opened_at", models.DateTimeField()),
                ("queue", models.TextField()),
                ("sentence", models.TextField()),
                ("threshold", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "meter_case",
            },
        ),
        migrations.CreateModel(
            name="MeterEvent",
            fields=[
                ("event_id", models.TextField(primary_key=True, serialize=False)),
                ("meter_id", models.TextField()),
                ("kind", models.TextField()),
                ("happened_at", models.DateTimeField()),
                ("source", models.TextField()),
                ("sequence", models.BigIntegerField()),
                ("details", models.JSONField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "meter_event",
                "indexes": [
                    models.Index(fields=["meter_id", "happened_at"], name="event_of_meter"),
                    models.Index(fields=["happened_at"], name="event_in_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "sequence"), name="one_event_at_a_place_of_a_source"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterCaseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("state", models.TextField()),
                ("by", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="meters.metercase"
                    ),
                ),
            ],
            options={
                "db_table": "meter_case_step",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="steps_in_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterCaseEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="meters.metercase"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="meters.meterevent"
                    ),
                ),
            ],
            options={
                "db_table": "meter_case_event",
                "constraints": [
                    models.UniqueConstraint(fields=("event",), name="an_event_is_evidence_once"),
                    models.UniqueConstraint(fields=("case", "number"), name="evidence_in_order"),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
