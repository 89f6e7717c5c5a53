"""Agreements that adjust charges, their steps, and what they took off bills. Append-only.

Lives here      columns; 0001_initial.sql adds two people, order, months, and what is posted.
Lives elsewhere the nouns (``facts.relief``), reading and writing (``repository/relief``).
"""

from __future__ import annotations

from django.db import models


class ReliefAgreement(models.Model):
    """An agreement, once for its name: ``months`` and ``terms`` as its record tells them."""

    relief_id = models.TextField(primary_key=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    service_point_id = models.TextField(db_index=True)
    schedule = models.TextField()
    cause = models.TextField()
    months = models.JSONField()
    terms = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "relief_agreement"


class ReliefStep(models.Model):
    """One step, with the record of what was decided."""

    pk = models.CompositePrimaryKey("relief_id", "number")
    relief_id = models.TextField()
    number = models.IntegerField()
    act = models.TextField()
    on_day = models.DateField()
    by = models.TextField()
    reason = models.TextField()
    from_day = models.DateField(null=True)
    record = models.BinaryField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "relief_step"


class BillRelief(models.Model):
    """What an agreement takes off one bill."""

    bill_id = models.TextField(primary_key=True)
    relief_id = models.TextField(db_index=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    charge_cents = models.BigIntegerField()
    tax_cents = models.BigIntegerField()
    record = models.BinaryField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bill_relief"
