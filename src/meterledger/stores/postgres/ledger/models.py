"""Money. Entries and postings lie in months; keys of entries and payments are unique for ever.

Lives here      columns; the migration makes the partitioned tables, triggers, roles and
                row-level security.
Lives elsewhere the nouns (``facts.money``), reading and writing (``repository``).
"""

from __future__ import annotations

from django.db import models


class EntryKey(models.Model):
    """The name of an entry, once for ever, and the day that says in which month it lies."""

    entry_id = models.TextField(primary_key=True)
    effective_day = models.DateField()

    class Meta:
        db_table = "entry_key"


class Entry(models.Model):
    """A journal entry. Its postings are two or more and sum to zero, checked at commit."""

    pk = models.CompositePrimaryKey("entry_id", "effective_day")
    entry_id = models.TextField()
    effective_day = models.DateField()
    learned_at = models.DateTimeField()
    cause = models.TextField()
    reverses = models.TextField(null=True)
    booked_day = models.DateField(null=True)

    class Meta:
        db_table = "entry"
        managed = False


class Posting(models.Model):
    """One leg of an entry: debits are positive cents, credits negative."""

    pk = models.CompositePrimaryKey("entry_id", "number", "effective_day")
    entry_id = models.TextField()
    effective_day = models.DateField()
    number = models.SmallIntegerField()
    ledger_account = models.TextField()
    cents = models.BigIntegerField()
    customer_account_id = models.TextField(null=True)

    class Meta:
        db_table = "posting"
        managed = False


class Payment(models.Model):
    """Money received, once for its key, with the one entry that posts it."""

    payment_key = models.TextField(primary_key=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    cents = models.BigIntegerField()
    tender = models.TextField()
    received_day = models.DateField()
    learned_at = models.DateTimeField()
    entry = models.OneToOneField(EntryKey, on_delete=models.PROTECT)

    class Meta:
        db_table = "payment"
        constraints = (
            models.CheckConstraint(name="payment_is_positive", condition=models.Q(cents__gt=0)),
        )


class PeriodClose(models.Model):
    """A month of the books that is closed: by whom, and when. Nothing is booked in it any more."""

    month = models.DateField(primary_key=True)
    closed_by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "period_close"


class PeriodTotal(models.Model):
    """What a ledger account came to in a closed month; the database writes it when one closes."""

    pk = models.CompositePrimaryKey("month", "ledger_account")
    month = models.DateField()
    ledger_account = models.TextField()
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField()
    legs = models.BigIntegerField()

    class Meta:
        db_table = "period_total"


class ReceivableBalance(models.Model):
    """What an account owes on 142 and 143, what budget plans deferred of it (142.budget), and the
    effective days of its first and last leg without those. Triggers alone write it, at commit."""

    account_id = models.TextField(primary_key=True)
    cents = models.BigIntegerField()
    deferred_cents = models.BigIntegerField()
    since_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta:
        db_table = "receivable_balance"


class LedgerSum(models.Model):
    """A part of what a ledger account comes to; all its parts are its sum. Triggers alone write it,
    at commit."""

    pk = models.CompositePrimaryKey("ledger_account", "shard")
    ledger_account = models.TextField()
    shard = models.SmallIntegerField()
    cents = models.BigIntegerField()

    class Meta:
        db_table = "ledger_sum"
