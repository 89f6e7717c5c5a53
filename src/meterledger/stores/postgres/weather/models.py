"""Mean temperatures of local days, as they were learned. Append-only.

Lives here      columns; the migration adds triggers.
Lives elsewhere the noun (``facts/weather``), reading and writing (``repository/weather``).
"""

from __future__ import annotations

from django.db import models


class DailyTemperature(models.Model):
    """What somebody said of a station's day; of one day the entry learned last speaks."""

    station = models.TextField()
    day = models.DateField()
    mean_tenths_f = models.IntegerField()
    source = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "daily_temperature"
        indexes = (models.Index(name="temperature_of_station", fields=["station", "day"]),)
        constraints = (
            models.CheckConstraint(
                name="a_temperature_says_who_said_so", condition=~models.Q(source="")
            ),
            models.CheckConstraint(
                name="a_temperature_is_of_earth",
                condition=models.Q(mean_tenths_f__gte=-1500, mean_tenths_f__lte=1500),
            ),
        )
