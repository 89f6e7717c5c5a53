"""A meter may be exchanged inside a day: instants, and constraints that look at them."""

from pathlib import Path

import django.contrib.postgres.constraints
from django.db import migrations, models


def measured(key):
    return [
        (models.Func(models.F(key), models.Value(0), function="hashtextextended"), "="),
        (
            models.Func(
                models.F("days"),
                models.F("began_second"),
                models.F("ended_second"),
                function="measured_seconds",
            ),
            "&&",
        ),
        ("known", "&&"),
    ]


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]

    operations = [
        migrations.AddField("meterinstallation", "began_second", models.IntegerField(default=0)),
        migrations.AddField("meterinstallation", "ended_second", models.IntegerField(default=0)),
        migrations.AlterField("meterinstallation", "began_second", models.IntegerField()),
        migrations.AlterField("meterinstallation", "ended_second", models.IntegerField()),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
        migrations.RemoveConstraint("meterinstallation", "meter_at_one_service_point_a_day"),
        migrations.RemoveConstraint("meterinstallation", "one_meter_a_day_at_a_service_point"),
        migrations.AddConstraint(
            "meterinstallation",
            django.contrib.postgres.constraints.ExclusionConstraint(
                name="meter_at_one_service_point_at_a_time", expressions=measured("meter_id")
            ),
        ),
        migrations.AddConstraint(
            "meterinstallation",
            django.contrib.postgres.constraints.ExclusionConstraint(
                name="one_meter_at_a_time_at_a_service_point",
                expressions=measured("service_point"),
            ),
        ),
        migrations.AddConstraint(
            "meterinstallation",
            models.CheckConstraint(
                name="exchanged_inside_a_local_day",
                condition=models.Q(began_second__range=(0, 89_999))
                & models.Q(ended_second__range=(0, 89_999))
                & (models.Q(ended_second=0) | models.Q(days__upper_inf=False)),
            ),
        ),
    ]
