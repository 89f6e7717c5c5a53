"""What the usage journey found, estimated and was told by people. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere the nouns (``facts/usage_log``), reading and writing (``repository/usage_log``).

``meter`` is a pseudonym, as in the lake; ``meter_id`` the meter's number. Instants inside a day are
UTC epoch seconds; ``sequence`` is the lake's commit sequence.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class UsageRun(models.Model):
    """One run of the journey over a local day."""

    run_id = models.TextField(primary_key=True)
    day = models.DateField(db_index=True)
    base_sequence = models.BigIntegerField()
    batch_count = models.IntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_run"


class UsageBatch(models.Model):
    """A finished batch of a run, with what it counted. What is not here is done again."""

    run = models.ForeignKey(UsageRun, on_delete=models.PROTECT)
    number = models.IntegerField()
    sequence = models.BigIntegerField()
    complete = models.BigIntegerField()
    estimated = models.BigIntegerField()
    held = models.BigIntegerField()
    no_meter = models.BigIntegerField()
    findings = models.BigIntegerField()
    estimated_intervals = models.BigIntegerField()
    estimated_wh = models.BigIntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_batch"
        constraints = (
            models.UniqueConstraint(name="usage_batch_is_done_once", fields=["run", "number"]),
        )


class UsageFinding(models.Model):
    """One thing that a check found on one meter's day. Its state follows from later rows."""

    finding_id = models.TextField(primary_key=True)
    digest = models.TextField()
    run = models.ForeignKey(UsageRun, on_delete=models.PROTECT)
    meter = models.TextField()
    meter_id = models.TextField()
    day = models.DateField()
    code = models.TextField()
    weight = models.TextField()
    sentence = models.TextField()
    evidence = models.JSONField()
    thresholds = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_finding"
        indexes = (
            models.Index(name="usage_finding_of_meter", fields=["meter", "day"]),
            models.Index(name="usage_finding_of_number", fields=["meter_id", "day"]),
            models.Index(
                name="usage_finding_that_holds",
                fields=["day"],
                condition=models.Q(weight="hold"),
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="usage_finding_weight_is_known",
                condition=models.Q(weight__in=["note", "hold"]),
            ),
        )


class UsageFindingCleared(models.Model):
    """A finding that a later run no longer made: the readings have changed."""

    finding = models.OneToOneField(UsageFinding, primary_key=True, on_delete=models.PROTECT)
    run = models.ForeignKey(UsageRun, on_delete=models.PROTECT)
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_finding_cleared"


class UsageReview(models.Model):
    """What a person decided about a meter's day, and why."""

    meter = models.TextField()
    meter_id = models.TextField(db_index=True)
    day = models.DateField()
    act = models.TextField()
    author = models.TextField()
    reason = models.TextField()
    finding_ids = ArrayField(models.TextField())
    sequence = models.BigIntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_review"
        indexes = (models.Index(name="usage_review_of_meter", fields=["meter", "day"]),)
        constraints = (
            models.CheckConstraint(
                name="usage_review_has_author_and_why",
                condition=~models.Q(author="") & ~models.Q(reason=""),
            ),
            models.CheckConstraint(
                name="usage_review_act_is_known",
                condition=models.Q(act__in=["accept", "edit", "estimate", "reject"]),
            ),
        )


class UsageEdit(models.Model):
    """A change of values by a person; old and new values are versions of the lake."""

    meter = models.TextField()
    meter_id = models.TextField(db_index=True)
    day = models.DateField()
    start = models.BigIntegerField()
    until = models.BigIntegerField()
    before_wh = models.BigIntegerField()
    after_wh = models.BigIntegerField()
    interval_count = models.IntegerField()
    before_sequence = models.BigIntegerField()
    sequence = models.BigIntegerField()
    author = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_edit"
        constraints = (
            models.CheckConstraint(
                name="usage_edit_has_author_and_why",
                condition=~models.Q(author="") & ~models.Q(reason=""),
            ),
            models.CheckConstraint(
                name="usage_edit_makes_a_new_version",
                condition=models.Q(sequence__gt=models.F("before_sequence")),
            ),
        )


class UsageEstimate(models.Model):
    """A stretch of a meter's day that was estimated: by which rung, from what, for which cause."""

    meter = models.TextField()
    meter_id = models.TextField()
    day = models.DateField()
    start = models.BigIntegerField()
    until = models.BigIntegerField()
    interval_count = models.IntegerField()
    energy_wh = models.BigIntegerField()
    method = models.SmallIntegerField()
    cause = models.TextField()
    provision = models.TextField()
    citation = models.TextField()
    inputs = models.JSONField()
    former_occupant = models.BooleanField()
    sequence = models.BigIntegerField()
    run_id = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "usage_estimate"
        indexes = (models.Index(name="usage_estimate_of_day", fields=["day"]),)
        constraints = (
            models.UniqueConstraint(
                name="usage_estimate_once_per_version",
                fields=["meter_id", "day", "start", "sequence"],
            ),
            models.CheckConstraint(
                name="usage_estimate_says_cause_and_rung",
                condition=~models.Q(cause="") & ~models.Q(provision=""),
            ),
            models.CheckConstraint(
                name="usage_estimate_covers_time",
                condition=models.Q(until__gt=models.F("start")),
            ),
        )


class ReadingEffort(models.Model):
    """An effort to obtain an actual reading, and what came of it."""

    meter = models.TextField()
    meter_id = models.TextField(db_index=True)
    day = models.DateField()
    kind = models.TextField()
    outcome = models.TextField()
    by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "reading_effort"
