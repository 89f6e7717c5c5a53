"""Daily temperatures; 0001_initial.sql keeps them append-only."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("record", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyTemperature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("station", models.TextField()),
                ("day", models.DateField()),
                ("mean_tenths_f", models.IntegerField()),
                ("source", models.TextField()),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "db_table": "daily_temperature",
                "indexes": [models.Index(fields=["station", "day"], name="temperature_of_station")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        name="a_temperature_says_who_said_so",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mean_tenths_f__gte", -1500), ("mean_tenths_f__lte", 1500)
                        ),
                        name="a_temperature_is_of_earth",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
