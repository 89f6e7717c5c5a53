"""What came in and what was published. Append-only; interval values are in the lake.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere interval values (``stores/lake``), reading and writing (``repository``).
"""

from __future__ import annotations

from typing import Any

from django.db import models


class ExactField(models.Field):  # type: ignore[type-arg]
    """A number of any size and any decimals, exactly as it was written."""

    def db_type(self, connection: Any) -> str:
        """PostgreSQL's own word for it."""
        return "numeric"


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
    row_count = models.BigIntegerField()
    energy_wh = ExactField(null=True)

    class Meta:
        db_table = "quarantined_line"


class QuarantineOutcome(models.Model):
    """What became of a line that was set aside: once and for ever."""

    quarantined_line = models.OneToOneField(
        QuarantinedLine, primary_key=True, on_delete=models.PROTECT
    )
    outcome = models.TextField()
    author = models.TextField()
    reason = models.TextField()
    release = models.ForeignKey(ReceivedFile, null=True, on_delete=models.PROTECT)
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "quarantine_outcome"


class IntakeSource(models.Model):
    """A head-end that sends files, as it was described last: the newest row of a name counts."""

    name = models.TextField(db_index=True)
    scheme = models.TextField()
    key = models.TextField()
    is_sequenced = models.BooleanField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "intake_source"


class IntakeMovement(models.Model):
    """One row of the intake's book: an arrival, or what became of one later.

    Every row balances by itself, in files, rows and watt-hours. ``sequence_number`` is there
    where an arrival was the first with it. ``made_at`` is in UTC epoch seconds,
    and so is the stretch of time that a stored file is about.
    """

    sha256 = models.TextField(null=True, db_index=True)
    file_name = models.TextField()
    size_bytes = models.BigIntegerField(null=True)
    format = models.TextField()
    source = models.TextField()
    door = models.TextField()
    given = models.JSONField()
    sequence_number = models.BigIntegerField(null=True)
    status = models.TextField()
    refusal = models.TextField(null=True)
    received_files = models.IntegerField()
    received_rows = models.BigIntegerField()
    received_energy_wh = ExactField()
    stored_files = models.IntegerField()
    stored_rows = models.BigIntegerField()
    stored_energy_wh = ExactField()
    quarantined_files = models.IntegerField()
    quarantined_rows = models.BigIntegerField()
    quarantined_energy_wh = ExactField()
    refused_files = models.IntegerField()
    refused_rows = models.BigIntegerField()
    refused_energy_wh = ExactField()
    unread_rows = models.BigIntegerField()
    learned_at = models.DateTimeField(db_index=True)
    made_at = models.BigIntegerField(null=True)
    about_from = models.BigIntegerField(null=True)
    about_until = models.BigIntegerField(null=True)

    class Meta:
        db_table = "intake_movement"
        indexes = (models.Index(name="intake_by_made_at", fields=["made_at"]),)
        constraints = (
            models.UniqueConstraint(
                name="a_source_uses_a_number_once", fields=["source", "sequence_number"]
            ),
            models.CheckConstraint(
                name="what_came_is_somewhere",
                condition=models.Q(
                    received_files=models.F("stored_files")
                    + models.F("quarantined_files")
                    + models.F("refused_files"),
                    received_rows=models.F("stored_rows")
                    + models.F("quarantined_rows")
                    + models.F("refused_rows"),
                    received_energy_wh=models.F("stored_energy_wh")
                    + models.F("quarantined_energy_wh")
                    + models.F("refused_energy_wh"),
                ),
            ),
            models.CheckConstraint(
                name="a_refusal_says_why",
                condition=models.Q(status="refused", refusal__isnull=False)
                | (~models.Q(status="refused") & models.Q(refusal__isnull=True)),
            ),
        )


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
