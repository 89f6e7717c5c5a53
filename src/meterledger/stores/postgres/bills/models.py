"""Bills. A claim makes a service period's bill unique; bill and lines lie in months.

Lives here      columns; the migration makes the partitioned tables, triggers, roles and
                row-level security.
Lives elsewhere the noun (``facts.bills``), reading and writing (``repository``).

A bill's canonical record (JSON bytes) stands in its row: it is what replay compares, and whatever
field it gains later is kept. Lines stand beside it as columns, with the clauses they cite, so that
a question over many bills ("which stood on this revision?") is plain SQL. Arithmetic and inputs of
a line are in the record only. PostgreSQL compresses the record, and still answers
``convert_from(record, 'UTF8')::jsonb``.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models

from meterledger.stores.postgres.places.models import hashed


class ServicePeriodClaim(models.Model):
    """A live bill's claim on a service point's days. Only ``cancelled_by`` may be set, once."""

    bill_id = models.TextField(primary_key=True)
    agreement_id = models.TextField(db_index=True)
    account_id = models.TextField(db_index=True)
    service_point_id = models.TextField()
    days = DateRangeField()
    issued_day = models.DateField()
    known_at = models.DateTimeField()
    cancelled_by = models.TextField(null=True)
    part_of = models.TextField(null=True)
    """The bill, where these are the days of another service point that is on it, too."""

    class Meta:
        db_table = "service_period_claim"
        constraints = (
            ExclusionConstraint(
                name="one_live_bill_for_a_service_period",
                expressions=[
                    (hashed("service_point_id"), RangeOperators.EQUAL),
                    ("days", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(cancelled_by__isnull=True),
            ),
        )


class Citation(models.Model):
    """A clause that some line stands on, kept once. ``citation_id`` is the hash of its contents."""

    citation_id = models.TextField(primary_key=True)
    instrument = models.TextField()
    sheet = models.TextField()
    revision = models.TextField(null=True)
    paragraph = models.TextField()
    effective = models.DateField()
    order = models.TextField(null=True)

    class Meta:
        db_table = "citation"


class Bill(models.Model):
    """One bill, in the partition of the month it was issued in."""

    pk = models.CompositePrimaryKey("bill_id", "issued_day")
    bill_id = models.TextField()
    issued_day = models.DateField()
    account_id = models.TextField()
    agreement_id = models.TextField()
    service_point_id = models.TextField()
    schedule = models.TextField()
    kind = models.TextField()
    days = DateRangeField()
    due_day = models.DateField()
    energy_wh = models.BigIntegerField()
    total_cents = models.BigIntegerField()
    line_count = models.IntegerField()
    standing = models.TextField()
    tax_place = models.TextField()
    previous_balance_cents = models.BigIntegerField()
    entry_id = models.TextField(null=True)
    known_at = models.DateTimeField()
    lake_sequence = models.BigIntegerField()
    book_sha256 = models.TextField()
    record = models.BinaryField()
    record_sha256 = models.TextField()

    class Meta:
        db_table = "bill"
        managed = False


class BillLine(models.Model):
    """One printed line, beside its bill. Lines of a bill sum to its total, checked at commit."""

    pk = models.CompositePrimaryKey("bill_id", "number", "issued_day")
    bill_id = models.TextField()
    issued_day = models.DateField()
    number = models.SmallIntegerField()
    code = models.TextField()
    label = models.TextField()
    charge_group = models.TextField()
    days = DateRangeField()
    quantity = models.TextField()
    unit = models.TextField()
    price_usd = models.TextField()
    cents = models.BigIntegerField()
    standing = models.TextField()
    citation_ids = ArrayField(models.TextField())

    class Meta:
        db_table = "bill_line"
        managed = False


class BillCorrection(models.Model):
    """Why a bill was cancelled, by whom, and which bill took its place; checked at commit."""

    cancelled_bill = models.TextField(primary_key=True)
    corrected_bill = models.TextField(db_index=True)
    account_id = models.TextField(db_index=True)
    case_id = models.TextField()
    cause = models.TextField()
    author = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()
    reversal_entry_id = models.TextField(null=True, unique=True)
    decision = models.TextField()
    approved_by = models.TextField(db_default="")
    ceiling_cents = models.BigIntegerField(null=True)
    leaves_nothing = models.BooleanField(db_default=False)

    class Meta:
        db_table = "bill_correction"
        constraints = (
            models.UniqueConstraint(
                fields=["corrected_bill"],
                condition=models.Q(leaves_nothing=False),
                name="corrects_one_bill",
            ),
        )


class DifferenceLeft(models.Model):
    """A bill that would be another one now and stays as it was issued, by whom and why."""

    pk = models.CompositePrimaryKey("bill_id", "computed_sha256")
    bill_id = models.TextField()
    computed_sha256 = models.TextField()
    account_id = models.TextField(db_index=True)
    difference_cents = models.BigIntegerField()
    author = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "difference_left"


class HeldBill(models.Model):
    """A bill that was due and did not go out, on the day of the run that held it."""

    on_day = models.DateField()
    account_id = models.TextField(db_index=True)
    agreement_id = models.TextField()
    days = DateRangeField(null=True)
    code = models.TextField()
    sentence = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "held_bill"
