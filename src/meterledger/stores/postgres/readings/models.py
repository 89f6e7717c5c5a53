"""What came in and what was published. Append-only; interval values are in the lake.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere interval values (``stores/lake``), reading and writing (``repository``).
"""

from __future__ import annotations

from django.db import models


class ReceivedFile(models.Model):
    """A file of readings, under its hash. ``channels`` tells what it held, channel by channel."""

    sha256 = models.TextField(primary_key=True)
    name = models.TextField()
    format = models.TextField()
    reading_count = models.BigIntegerField()
    quarantined_count = models.BigIntegerField()
    channels = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "received_file"


class LakeVersion(models.Model):
    """One publication of the lake. ``learned_at`` never runs backwards along ``sequence``."""

    sequence = models.BigIntegerField(primary_key=True)
    received_file = models.OneToOneField(ReceivedFile, on_delete=models.PROTECT)
    learned_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "lake_version"
        constraints = (
            models.CheckConstraint(
                name="lake_sequence_begins_at_one", condition=models.Q(sequence__gte=1)
            ),
        )


class LakeFile(models.Model):
    """A Parquet file that became visible with a version, in order of publication."""

    name = models.TextField(primary_key=True)
    version = models.ForeignKey(LakeVersion, on_delete=models.PROTECT)
    position = models.IntegerField()

    class Meta:
        db_table = "lake_file"
        constraints = (
            models.UniqueConstraint(name="lake_file_position", fields=["version", "position"]),
        )


class QuarantinedLine(models.Model):
    """A line that could not be used: its bytes and the reason."""

    received_file = models.ForeignKey(ReceivedFile, on_delete=models.PROTECT)
    line = models.BigIntegerField()
    data = models.BinaryField()
    reason = models.TextField()

    class Meta:
        db_table = "quarantined_line"


class RegisterReading(models.Model):
    """One value of a register channel: whole number times ten to the power ``scale``.

    ``start`` is in UTC epoch seconds. ``value`` is null exactly where quality says missing (0).
    """

    received_file = models.ForeignKey(ReceivedFile, on_delete=models.PROTECT)
    meter_id = models.TextField()
    commodity = models.TextField()
    unit = models.TextField()
    flow = models.TextField()
    scale = models.SmallIntegerField()
    multiplier = models.TextField()
    start = models.BigIntegerField()
    seconds = models.IntegerField()
    value = models.DecimalField(max_digits=40, decimal_places=0, null=True)
    quality = models.SmallIntegerField()
    line = models.BigIntegerField()

    class Meta:
        db_table = "register_reading"
        indexes = (models.Index(name="register_of_meter", fields=["meter_id", "start"]),)
        constraints = (
            models.CheckConstraint(
                name="no_value_exactly_when_missing",
                condition=models.Q(value__isnull=True, quality=0)
                | (models.Q(value__isnull=False) & ~models.Q(quality=0)),
            ),
        )
