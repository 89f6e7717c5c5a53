"""Which lake files speak, which were deleted, and what keeps some longer. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere what was published (``readings``), reading and writing (``repository/lake_log``).
"""

from __future__ import annotations

from django.db import models


class LakeSuperseded(models.Model):
    """From a version on, a compaction speaks for this file; at earlier sequences it still does."""

    lake_file = models.OneToOneField(
        "readings.LakeFile", primary_key=True, on_delete=models.PROTECT
    )
    version = models.ForeignKey("readings.LakeVersion", on_delete=models.PROTECT)

    class Meta:
        db_table = "lake_superseded"


class LakeTombstone(models.Model):
    """What stays of a lake file that was deleted on schedule."""

    lake_file = models.OneToOneField(
        "readings.LakeFile", primary_key=True, on_delete=models.PROTECT
    )
    row_count = models.BigIntegerField()
    byte_count = models.BigIntegerField()
    sha256 = models.TextField()
    cause = models.TextField()
    reason = models.TextField()
    on_day = models.DateField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "lake_tombstone"
        constraints = (
            models.CheckConstraint(
                name="a_lake_file_is_deleted_for_one_of_two_causes",
                condition=models.Q(cause__in=["superseded", "retention"]),
            ),
        )


class LakeHold(models.Model):
    """A dispute or a case of tampering that keeps months longer; of one meter, or of all."""

    hold_id = models.TextField(primary_key=True)
    meter = models.TextField(null=True)
    from_month = models.TextField()
    last_month = models.TextField()
    reason = models.TextField()
    author = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "lake_hold"
        constraints = (
            models.CheckConstraint(
                name="a_lake_hold_ends_after_it_begins",
                condition=models.Q(from_month__lte=models.F("last_month")),
            ),
        )


class LakeHoldReleased(models.Model):
    """The end of a hold, once."""

    hold = models.OneToOneField(LakeHold, primary_key=True, on_delete=models.PROTECT)
    author = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "lake_hold_released"
