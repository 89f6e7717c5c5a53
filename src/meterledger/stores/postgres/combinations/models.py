"""Combinations and their accounts on two clocks; combined statements, which stay as issued.

Lives here      columns and constraints; the migration adds triggers, roles, row-level security.
Lives elsewhere the nouns (``facts.combination``), reading and writing
                (``repository/combinations``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import Account, once_at_a_time


class Combination(models.Model):
    """A customer's request, granted, on some days."""

    combination_id = models.TextField(db_index=True)
    customer = models.TextField()
    person_id = models.TextField(default="", db_default="")
    reasons = models.JSONField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "combination"
        constraints = (
            models.UniqueConstraint(
                name="one_version_of_a_combination_believed",
                fields=["combination_id"],
                condition=models.Q(known__upper_inf=True),
            ),
        )


class CombinedAccount(models.Model):
    """An account is in a combination on some days; in one on a day, whoever races."""

    combination_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "combined_account"
        constraints = (once_at_a_time("one_combination_a_day", "account"),)


class CombinedStatement(models.Model):
    """A statement as it was issued, with its total written beside its bills."""

    statement_id = models.TextField(primary_key=True)
    combination_id = models.TextField(db_index=True)
    customer = models.TextField()
    issued_day = models.DateField()
    due_day = models.DateField()
    charges_cents = models.BigIntegerField()
    asked_cents = models.BigIntegerField()
    reasons = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "combined_statement"
        constraints = (
            models.CheckConstraint(
                name="a_statement_is_due_after_it_is_issued",
                condition=models.Q(due_day__gte=models.F("issued_day")),
            ),
        )


class CombinedBill(models.Model):
    """A bill on a statement: charged once, and taken back once."""

    statement = models.ForeignKey(CombinedStatement, on_delete=models.PROTECT)
    place = models.IntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bill_id = models.TextField()
    kind = models.TextField()
    days = DateRangeField()
    charges_cents = models.BigIntegerField()
    asked_cents = models.BigIntegerField()

    class Meta:
        db_table = "combined_bill"
        constraints = (
            models.UniqueConstraint(
                name="a_bill_stands_on_one_statement", fields=["bill_id", "kind"]
            ),
        )
