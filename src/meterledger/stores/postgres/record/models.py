"""What was done, and who looked at personal data: append-only.

Lives here      columns; the migration makes the partitioned table, triggers, roles and row-level
                security.
Lives elsewhere writing them (``repository``: every write, and ``viewing``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class RecordedEvent(models.Model):
    """One thing that was done. ``recorded_day`` is the day (UTC) of ``learned_at``."""

    pk = models.CompositePrimaryKey("event_number", "recorded_day")
    event_number = models.BigIntegerField()
    recorded_day = models.DateField()
    event = models.TextField()
    subject = models.TextField()
    data = models.JSONField()
    viewer = models.TextField()
    learned_at = models.DateTimeField()
    written_at = models.DateTimeField()

    class Meta:
        db_table = "record"
        managed = False


class ReadLog(models.Model):
    """One viewing: who, whom, why, when. The instant is the database's own."""

    viewer = models.TextField()
    purpose = models.TextField()
    subjects = ArrayField(models.TextField())
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "read_log"
        constraints = (
            models.CheckConstraint(
                name="viewing_says_who_and_why",
                condition=~models.Q(viewer="") & ~models.Q(purpose=""),
            ),
        )


class SchemaStamp(models.Model):
    """Which schema the database has and for which role it was opened: read at every start."""

    role_name = models.TextField(primary_key=True)
    stamp = models.TextField()

    class Meta:
        db_table = "schema_stamp"
