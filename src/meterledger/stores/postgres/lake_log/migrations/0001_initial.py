"""Which lake files speak, tombstones, holds; 0001_initial.sql adds what Django cannot say."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0001_initial"),
        ("readings", "0002_intake"),
    ]

    operations = [
        migrations.CreateModel(
            name="LakeHold",
            fields=[
                ("hold_id", models.TextField(primary_key=True, serialize=False)),
                ("meter", models.TextField(null=True)),
                ("from_month", models.TextField()),
                ("last_month", models.TextField()),
                ("reason", models.TextField()),
                ("author", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "lake_hold",
            },
        ),
        migrations.CreateModel(
            name="LakeSuperseded",
            fields=[
                (
                    "lake_file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="readings.lakefile",
                    ),
                ),
            ],
            options={
                "db_table": "lake_superseded",
            },
        ),
        migrations.CreateModel(
            name="LakeTombstone",
            fields=[
                (
                    "lake_file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="readings.lakefile",
                    ),
                ),
                ("row_count", models.BigIntegerField()),
                ("byte_count", models.BigIntegerField()),
                ("sha256", models.TextField()),
                ("cause", models.TextField()),
                ("reason", models.TextField()),
                ("on_day", models.DateField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "lake_tombstone",
            },
        ),
        migrations.CreateModel(
            name="LakeHoldReleased",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="lake_log.lakehold",
                    ),
                ),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "lake_hold_released",
            },
        ),
        migrations.AddConstraint(
            model_name="lakehold",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_month__lte", models.F("last_month"))),
                name="a_lake_hold_ends_after_it_begins",
            ),
        ),
        migrations.AddField(
            model_name="lakesuperseded",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="readings.lakeversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="laketombstone",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ["superseded", "retention"])),
                name="a_lake_file_is_deleted_for_one_of_two_causes",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
