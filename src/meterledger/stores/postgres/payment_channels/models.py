"""Banks, processor and agencies: what was asked, what was said, what is expected. Append-only.

Lives here      columns and constraints; the migration adds triggers, roles, row-level security.
Lives elsewhere the nouns (``facts/ach_orders``, ``facts/checkouts``, ``facts/pledges``), reading
                and writing (``repository/channels``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import Account, once_at_a_time


class BankAccount(models.Model):
    """A customer's bank account; its number is sealed."""

    bank_id = models.TextField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    holder = models.TextField()
    routing_number = models.TextField()
    kind = models.TextField()
    last_four = models.TextField()
    fingerprint = models.TextField(db_index=True)
    sealed = models.BinaryField()
    learned_at = models.DateTimeField()
    replaces = models.TextField(default="", db_index=True)
    from_day = models.DateField(null=True)

    class Meta:
        db_table = "bank_account"


class BankChangeTold(models.Model):
    """That a customer was told of a version that a bank's notice made."""

    bank = models.OneToOneField(BankAccount, on_delete=models.PROTECT, primary_key=True)
    by = models.TextField()
    how = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_change_told"


class BankStop(models.Model):
    """A bank account of a customer that is not debited any more."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    fingerprint = models.TextField()
    kind = models.TextField()
    code = models.TextField()
    on_day = models.DateField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_stop"


class AutopayEnrollment(models.Model):
    """An account on autopay, on two clocks; once on a day, whoever races."""

    enrollment_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bank = models.ForeignKey(BankAccount, on_delete=models.PROTECT)
    standard = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()
    most_cents = models.BigIntegerField(null=True)
    authorized = models.TextField()
    by = models.TextField()

    class Meta:
        db_table = "autopay_enrollment"
        constraints = (once_at_a_time("on_autopay_once_a_day", "account_id"),)


class AchOrder(models.Model):
    """A movement that was asked for, once for what it is for."""

    order_id = models.TextField(primary_key=True)
    kind = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bank = models.ForeignKey(BankAccount, on_delete=models.PROTECT)
    cents = models.BigIntegerField()
    on_day = models.DateField()
    standard = models.TextField()
    description = models.TextField()
    cause = models.TextField()
    attempt = models.IntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "ach_order"
        constraints = (
            models.UniqueConstraint(fields=("cause", "attempt"), name="ordered_once"),
            models.CheckConstraint(
                name="an_order_moves_money", condition=models.Q(cents__gt=0, cents__lt=10**10)
            ),
        )


class AchFile(models.Model):
    """A file that was made."""

    file_id = models.TextField(primary_key=True)
    created_day = models.DateField()
    modifier = models.TextField()
    effective_day = models.DateField()
    bank_routing = models.TextField()
    company_id = models.TextField()
    company_name = models.TextField()
    bank_name = models.TextField()
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "ach_file"


class AchOrderEnd(models.Model):
    """How an order left: in a file under a trace number, or dropped with a reason. Once."""

    order = models.OneToOneField(AchOrder, on_delete=models.PROTECT, primary_key=True)
    file = models.ForeignKey(AchFile, on_delete=models.PROTECT, null=True)
    trace = models.TextField(db_index=True)
    on_day = models.DateField(null=True)
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "ach_order_end"
        constraints = (
            models.CheckConstraint(
                name="sent_or_dropped",
                condition=models.Q(file__isnull=False, reason="") & ~models.Q(trace="")
                | models.Q(file__isnull=True, trace="", on_day__isnull=False)
                & ~models.Q(reason=""),
            ),
        )


class AchReturned(models.Model):
    """An entry that came back, or is to be changed."""

    returned_id = models.TextField(primary_key=True)
    file_sha256 = models.TextField(db_index=True)
    trace = models.TextField()
    original_trace = models.TextField()
    order_id = models.TextField(db_index=True)
    code = models.TextField()
    act = models.TextField()
    cents = models.BigIntegerField()
    on_day = models.DateField()
    sentence = models.TextField()
    learned_at = models.DateTimeField()
    corrected = models.TextField()

    class Meta:
        db_table = "ach_returned"


class AchReturnDone(models.Model):
    """That a person dealt with an entry that came back; once for each."""

    returned = models.OneToOneField(AchReturned, on_delete=models.PROTECT, primary_key=True)
    on_day = models.DateField(db_index=True)
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "ach_return_done"


class AutopayQuestion(models.Model):
    """A bill that is not drawn until a person has asked; a bill may ask more than once."""

    pk = models.CompositePrimaryKey("bill_id", "number")
    bill_id = models.TextField()
    number = models.SmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    on_day = models.DateField()
    cents = models.BigIntegerField()
    reasons = ArrayField(models.TextField())
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "autopay_question"


class AutopayAnswer(models.Model):
    """What a person decided about a question; the database knows it by both of its names."""

    pk = models.CompositePrimaryKey("bill_id", "number")
    bill_id = models.TextField()
    number = models.SmallIntegerField()
    is_drawn = models.BooleanField()
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "autopay_answer"
        constraints = (
            models.CheckConstraint(
                name="a_question_is_answered_by_a_name",
                condition=~models.Q(by="") & ~models.Q(reason=""),
            ),
        )


class Checkout(models.Model):
    """A payment begun at the processor."""

    checkout_id = models.TextField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    cents = models.BigIntegerField()
    tender = models.TextField()
    started_at = models.DateTimeField()
    processor = models.TextField()

    class Meta:
        db_table = "checkout"
        constraints = (
            models.CheckConstraint(
                name="a_checkout_asks_for_money", condition=models.Q(cents__gt=0)
            ),
        )


class CheckoutStep(models.Model):
    """Something heard of a checkout, and how it stands after it."""

    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT)
    number = models.IntegerField()
    heard_by = models.TextField()
    said = models.TextField()
    cents = models.BigIntegerField()
    sequence = models.IntegerField()
    reference = models.TextField()
    redirect = models.TextField()
    state = models.TextField()
    sentence = models.TextField()
    learned_at = models.DateTimeField()
    by = models.TextField()
    payment_key = models.TextField()
    paid_day = models.DateField(null=True)

    class Meta:
        db_table = "checkout_step"
        constraints = (
            models.UniqueConstraint(fields=("checkout", "number"), name="checkout_steps_in_order"),
            models.UniqueConstraint(
                fields=("checkout",),
                condition=models.Q(state="posted") & ~models.Q(payment_key=""),
                name="a_checkout_is_posted_once",
            ),
            models.CheckConstraint(
                name="a_person_ends_a_checkout_with_a_name",
                condition=~models.Q(heard_by="person") | ~models.Q(by=""),
            ),
        )


class CardRefund(models.Model):
    """An approved refund that goes back to the card of a checkout, through the processor."""

    refund_id = models.TextField(primary_key=True)
    settlement_id = models.TextField(db_index=True)
    checkout = models.ForeignKey(Checkout, on_delete=models.PROTECT)
    account_id = models.TextField()
    cents = models.BigIntegerField()
    started_at = models.DateTimeField()
    processor = models.TextField()
    by = models.TextField()

    class Meta:
        db_table = "card_refund"


class CardRefundStep(models.Model):
    """Something heard of a card refund, and how it stands after it."""

    refund = models.ForeignKey(CardRefund, on_delete=models.PROTECT)
    number = models.IntegerField()
    heard_by = models.TextField()
    said = models.TextField()
    cents = models.BigIntegerField()
    sequence = models.IntegerField()
    reference = models.TextField()
    state = models.TextField()
    sentence = models.TextField()
    learned_at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        db_table = "card_refund_step"
        constraints = (
            models.UniqueConstraint(fields=("refund", "number"), name="card_refund_steps_in_order"),
            models.CheckConstraint(
                name="a_person_ends_a_card_refund_with_a_name",
                condition=~models.Q(heard_by="person") | ~models.Q(by=""),
            ),
        )


class Pledge(models.Model):
    """An agency's promise for items that it names."""

    pledge_id = models.TextField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    agency = models.TextField()
    cents = models.BigIntegerField()
    for_items = ArrayField(models.TextField())
    promised_day = models.DateField()
    expires_day = models.DateField()
    by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "pledge"
        constraints = (
            models.CheckConstraint(
                name="a_pledge_lasts_a_day",
                condition=models.Q(cents__gt=0, expires_day__gt=models.F("promised_day")),
            ),
        )


class PledgeStep(models.Model):
    """Money that came for a pledge, or its end."""

    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT)
    number = models.IntegerField()
    act = models.TextField()
    on_day = models.DateField()
    cents = models.BigIntegerField()
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()
    payment_key = models.TextField()

    class Meta:
        db_table = "pledge_step"
        constraints = (
            models.UniqueConstraint(fields=("pledge", "number"), name="pledge_steps_in_order"),
        )


class ExpectedBankLine(models.Model):
    """What our bank statement should show, written with what lets it."""

    expectation_id = models.TextField(primary_key=True)
    ledger_account = models.TextField()
    day = models.DateField(db_index=True)
    cents = models.BigIntegerField()
    cause = models.TextField()
    reference = models.TextField()
    batch = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "expected_bank_line"
        constraints = (
            models.CheckConstraint(name="an_expectation_is_of_money", condition=~models.Q(cents=0)),
        )
