"""Money that reached us: receipts, their steps, applications, files with control totals.

Lives here      columns; 0001_initial.sql adds order of steps, two people, what an undoing is.
Lives elsewhere the key table ``payment`` (app ``ledger``), the nouns (``facts.payments``), reading
                and writing (``repository``).
"""

from __future__ import annotations

from django.db import models


class PaymentFile(models.Model):
    """A file that was taken, once, with its control totals: nothing of it is unaccounted for."""

    sha256 = models.TextField(primary_key=True)
    name = models.TextField()
    profile = models.TextField()
    deposited_day = models.DateField(db_index=True)
    received_count = models.BigIntegerField()
    received_cents = models.BigIntegerField()
    posted_count = models.BigIntegerField()
    posted_cents = models.BigIntegerField()
    unapplied_count = models.BigIntegerField()
    unapplied_cents = models.BigIntegerField()
    refused_count = models.BigIntegerField()
    refused_cents = models.BigIntegerField()
    by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "payment_file"
        constraints = (
            models.CheckConstraint(
                name="every_line_of_a_payment_file_is_counted",
                condition=models.Q(
                    received_count=models.F("posted_count")
                    + models.F("unapplied_count")
                    + models.F("refused_count"),
                    received_cents=models.F("posted_cents")
                    + models.F("unapplied_cents")
                    + models.F("refused_cents"),
                ),
            ),
        )


class PaymentFileLine(models.Model):
    """A line of a file that posted nothing: what it says and why."""

    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, db_column="sha256")
    line = models.IntegerField()
    text = models.TextField()
    cents = models.BigIntegerField()
    why = models.TextField()

    class Meta:
        db_table = "payment_file_line"
        constraints = (
            models.UniqueConstraint(fields=("file", "line"), name="a_line_is_refused_once"),
        )


class Receipt(models.Model):
    """Money as it was told to us, once for its key; no card's number."""

    payment_key = models.TextField(primary_key=True)
    account_told = models.TextField()
    cents = models.BigIntegerField()
    tender = models.TextField()
    channel = models.TextField()
    received_day = models.DateField(db_index=True)
    learned_at = models.DateTimeField()
    is_mailed = models.BooleanField()
    reference = models.TextField()
    check_number = models.TextField()
    file = models.ForeignKey(
        PaymentFile, on_delete=models.PROTECT, null=True, db_column="file_sha256"
    )
    line = models.IntegerField(null=True)

    class Meta:
        db_table = "receipt"
        constraints = (
            models.CheckConstraint(name="receipt_is_positive", condition=models.Q(cents__gt=0)),
        )


class ReceiptStep(models.Model):
    """What became of a receipt; the newest step is how it stands."""

    pk = models.CompositePrimaryKey("payment_key", "number")
    payment_key = models.TextField()
    number = models.IntegerField()
    act = models.TextField()
    state = models.TextField()
    on_day = models.DateField()
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()
    entry_id = models.TextField(null=True)
    account_id = models.TextField(null=True)

    class Meta:
        db_table = "receipt_step"


class Application(models.Model):
    """Cents of one credit for one item, named after its place at the item; undone once."""

    application_id = models.TextField(primary_key=True)
    source_entry_id = models.TextField(db_index=True)
    item_id = models.TextField()
    kind = models.TextField()
    account_id = models.TextField(db_index=True)
    cents = models.BigIntegerField()
    applied_day = models.DateField()
    learned_at = models.DateTimeField()
    undoes = models.TextField(null=True, unique=True)

    class Meta:
        db_table = "application"
