"""Contracts of extensions and what happened to them. Append-only, all of it.

Lives here      columns; 0001_initial.sql adds order of events, and that no advance is overdrawn.
Lives elsewhere the nouns (``facts.extensions``), reading and writing (``repository/extensions``).
"""

from __future__ import annotations

from django.db import models


class ExtensionContract(models.Model):
    """A contract, once for its name, with the record of what was decided when it was opened."""

    contract_id = models.TextField(primary_key=True)
    account_id = models.TextField(db_index=True)
    requested_day = models.DateField()
    by = models.TextField()
    terms = models.JSONField()
    record = models.BinaryField()
    learned_at = models.DateTimeField()
    depositor_id = models.TextField(null=True)

    class Meta:
        db_table = "extension_contract"


class ExtensionEvent(models.Model):
    """One thing that happened; ``advance_cents`` is what it moves on the contract's 252."""

    pk = models.CompositePrimaryKey("contract_id", "number")
    contract_id = models.TextField()
    number = models.IntegerField()
    event_key = models.TextField(unique=True)
    act = models.TextField()
    on_day = models.DateField()
    about = models.TextField()
    cents = models.BigIntegerField()
    advance_cents = models.BigIntegerField()
    by = models.TextField()
    reason = models.TextField()
    data = models.JSONField()
    record = models.BinaryField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "extension_event"
