"""Held bills as cases with steps, and what runs came to. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere what a run held, row by row (``bills``), reading and writing (``repository/held``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models


class HeldCase(models.Model):
    """One window of one agreement that is due and not billed; at most one of a window is open."""

    case_id = models.TextField(primary_key=True)
    account_id = models.TextField(db_index=True)
    agreement_id = models.TextField(db_index=True)
    days = DateRangeField(null=True)
    ordinal = models.IntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "held_case"


class HeldStep(models.Model):
    """What a run saw of a case, what a person decided, or its end."""

    case = models.ForeignKey(HeldCase, on_delete=models.PROTECT)
    number = models.IntegerField()
    act = models.TextField()
    on_day = models.DateField()
    by = models.TextField()
    reason = models.TextField()
    code = models.TextField()
    sentence = models.TextField()
    findings = models.JSONField()
    total_cents = models.BigIntegerField(null=True)
    energy_wh = models.BigIntegerField(null=True)
    ceiling_cents = models.BigIntegerField(null=True)
    bill_id = models.TextField(db_index=True)
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "held_step"
        constraints = (
            models.UniqueConstraint(fields=("case", "number"), name="held_steps_in_order"),
            models.CheckConstraint(
                name="a_person_decides_with_a_name_and_a_reason",
                condition=~models.Q(act__in=["released", "approved", "excluded", "reopened"])
                | ~models.Q(by="") & ~models.Q(reason=""),
            ),
        )


class BillRun(models.Model):
    """What a run of bills came to; that it was stopped; that a person let it go."""

    run_id = models.TextField()
    state = models.TextField()
    scope = models.TextField()
    on_day = models.DateField(db_index=True)
    due = models.BigIntegerField()
    billed = models.BigIntegerField()
    held = models.BigIntegerField()
    excluded = models.BigIntegerField()
    known_already = models.BigIntegerField()
    total_cents = models.BigIntegerField()
    energy_wh = models.BigIntegerField()
    estimated = models.BigIntegerField()
    zero = models.BigIntegerField()
    by_code = models.JSONField()
    findings = models.JSONField()
    sentence = models.TextField()
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bill_run"
        constraints = (
            models.UniqueConstraint(fields=("run_id", "state"), name="a_run_ends_once"),
            models.CheckConstraint(
                name="due_is_billed_held_and_excluded",
                condition=models.Q(
                    due=models.F("billed") + models.F("held") + models.F("excluded")
                ),
            ),
        )
