"""The record, the read log, and the tools that keep every table safe; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="RecordedEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_number",
                        "recorded_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("event_number", models.BigIntegerField()),
                ("recorded_day", models.DateField()),
                ("event", models.TextField()),
                ("subject", models.TextField()),
                ("data", models.JSONField()),
                ("viewer", models.TextField()),
                ("learned_at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "db_table": "record",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SchemaStamp",
            fields=[
                ("role_name", models.TextField(primary_key=True, serialize=False)),
                ("stamp", models.TextField()),
            ],
            options={
                "db_table": "schema_stamp",
            },
        ),
        migrations.CreateModel(
            name="ReadLog",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("viewer", models.TextField()),
                ("purpose", models.TextField()),
                (
                    "subjects",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "read_log",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("viewer", ""), _negated=True),
                            models.Q(("purpose", ""), _negated=True),
                        ),
                        name="viewing_says_who_and_why",
                    )
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
