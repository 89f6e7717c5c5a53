"""Received files, register readings, lake versions; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("record", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ReceivedFile",
            fields=[
                ("sha256", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("format", models.TextField()),
                ("reading_count", models.BigIntegerField()),
                ("quarantined_count", models.BigIntegerField()),
                ("channels", models.JSONField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "received_file",
            },
        ),
        migrations.CreateModel(
            name="QuarantinedLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.BigIntegerField()),
                ("data", models.BinaryField()),
                ("reason", models.TextField()),
                (
                    "received_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="readings.receivedfile"
                    ),
                ),
            ],
            options={
                "db_table": "quarantined_line",
            },
        ),
        migrations.CreateModel(
            name="LakeVersion",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("learned_at", models.DateTimeField(db_index=True)),
                (
                    "received_file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="readings.receivedfile"
                    ),
                ),
            ],
            options={
                "db_table": "lake_version",
            },
        ),
        migrations.CreateModel(
            name="RegisterReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter_id", models.TextField()),
                ("commodity", models.TextField()),
                ("unit", models.TextField()),
                ("flow", models.TextField()),
                ("scale", models.SmallIntegerField()),
                ("multiplier", models.TextField()),
                ("start", models.BigIntegerField()),
                ("seconds", models.IntegerField()),
                ("value", models.DecimalField(decimal_places=0, max_digits=40, null=True)),
                ("quality", models.SmallIntegerField()),
                ("line", models.BigIntegerField()),
                (
                    "received_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="readings.receivedfile"
                    ),
                ),
            ],
            options={
                "db_table": "register_reading",
            },
        ),
        migrations.CreateModel(
            name="LakeFile",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="readings.lakeversion"
                    ),
                ),
            ],
            options={
                "db_table": "lake_file",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "position"), name="lake_file_position"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="lakeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gte", 1)), name="lake_sequence_begins_at_one"
            ),
        ),
        migrations.AddIndex(
            model_name="registerreading",
            index=models.Index(fields=["meter_id", "start"], name="register_of_meter"),
        ),
        migrations.AddConstraint(
            model_name="registerreading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quality", 0), ("value__isnull", True)),
                    models.Q(("value__isnull", False), models.Q(("quality", 0), _negated=True)),
                    _connector="OR",
                ),
                name="no_value_exactly_when_missing",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
