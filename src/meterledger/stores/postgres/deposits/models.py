"""Deposits and guarantees with their steps. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere the nouns (``facts.deposits``), reading and writing (``repository/deposits``).
"""

from __future__ import annotations

from django.db import models


class Deposit(models.Model):
    """A deposit of an account. Where it stands its steps say."""

    deposit_id = models.TextField(primary_key=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    kind = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "deposit"


class DepositStep(models.Model):
    """What happened to a deposit, with the record of the decision behind it."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT)
    number = models.IntegerField()
    step_id = models.TextField(unique=True)
    key = models.TextField()
    act = models.TextField()
    on_day = models.DateField()
    by = models.TextField()
    reason = models.TextField()
    cents = models.BigIntegerField()
    until_day = models.DateField(null=True)
    note = models.TextField()
    parts = models.JSONField()
    record = models.TextField()
    learned_at = models.DateTimeField()
    approved_by = models.TextField(default="", db_default="")

    class Meta:
        db_table = "deposit_step"
        constraints = (
            models.UniqueConstraint(fields=("deposit", "number"), name="deposit_steps_in_order"),
            models.CheckConstraint(
                name="a_deposit_step_is_somebodys",
                condition=~models.Q(by="") & models.Q(cents__gte=0),
            ),
        )
