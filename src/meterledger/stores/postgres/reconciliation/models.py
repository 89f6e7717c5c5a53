"""What the bank says, what was matched, and accruals of what is not billed. Append-only, all of it.

Lives here      columns; the migration adds triggers, causes, roles and row-level security.
Lives elsewhere the nouns (``facts.bank``, ``facts.unbilled``), reading and writing
                (``repository/reconciliation``, ``repository/accruals``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models


class BankFile(models.Model):
    """A file of statements, once for its bytes."""

    sha256 = models.TextField(primary_key=True)
    name = models.TextField()
    format = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_file"


class BankStatement(models.Model):
    """One account's day at the bank. Its lines add up to it, checked at commit."""

    statement_id = models.TextField(primary_key=True)
    sha256 = models.ForeignKey(BankFile, on_delete=models.PROTECT, db_column="sha256")
    bank_account = models.TextField()
    as_of_day = models.DateField(db_index=True)
    opening_cents = models.BigIntegerField()
    closing_cents = models.BigIntegerField()

    class Meta:
        db_table = "bank_statement"


class BankLine(models.Model):
    """One movement, in the order of its statement."""

    line_id = models.TextField(primary_key=True)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT)
    number = models.IntegerField()
    booked_day = models.DateField(db_index=True)
    cents = models.BigIntegerField()
    reference = models.TextField()
    text = models.TextField()
    code = models.TextField()

    class Meta:
        db_table = "bank_line"
        constraints = (
            models.UniqueConstraint(fields=("statement", "number"), name="bank_lines_in_order"),
            models.CheckConstraint(name="a_bank_line_moves_money", condition=~models.Q(cents=0)),
        )


class BankMatch(models.Model):
    """Lines and expectations that are the same money; their sums are equal, checked at commit."""

    match_id = models.TextField(primary_key=True)
    rule = models.TextField()
    by = models.TextField(default="")
    reason = models.TextField(default="")
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_match"


class BankMatchLine(models.Model):
    """A line is in one match, until that is undone: a trigger takes and gives its mark."""

    pk = models.CompositePrimaryKey("line", "match")
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT)
    match = models.ForeignKey(BankMatch, on_delete=models.PROTECT)

    class Meta:
        db_table = "bank_match_line"


class BankMatchExpectation(models.Model):
    """A leg on cash is in one match, until that is undone."""

    pk = models.CompositePrimaryKey("expectation_id", "match")
    expectation_id = models.TextField()
    match = models.ForeignKey(BankMatch, on_delete=models.PROTECT)
    entry_id = models.TextField()
    number = models.SmallIntegerField()
    effective_day = models.DateField()
    cents = models.BigIntegerField()

    class Meta:
        db_table = "bank_match_expectation"


class BankUnmatch(models.Model):
    """A match that somebody undid, once: its pieces are open again."""

    match = models.OneToOneField(BankMatch, on_delete=models.PROTECT, primary_key=True)
    by = models.TextField()
    approved_by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_unmatch"


class BankOpenLine(models.Model):
    """A mark: the line is in no match. Triggers alone write it."""

    line_id = models.TextField(primary_key=True)

    class Meta:
        db_table = "bank_open_line"


class BankOpenExpectation(models.Model):
    """A mark: the leg on cash is in no match. Triggers alone write it."""

    expectation_id = models.TextField(primary_key=True)
    entry_id = models.TextField()
    number = models.SmallIntegerField()
    effective_day = models.DateField()
    cents = models.BigIntegerField()

    class Meta:
        db_table = "bank_open_expectation"


class BankSum(models.Model):
    """What the bank's lines come to, and what of both sides is matched: a row of each. Triggers
    alone write it."""

    side = models.TextField(primary_key=True)
    cents = models.BigIntegerField()
    pieces = models.BigIntegerField()

    class Meta:
        db_table = "bank_sum"


class BankLineStep(models.Model):
    """What a person said of a line that nobody expected."""

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT)
    number = models.IntegerField()
    act = models.TextField()
    by = models.TextField()
    reason = models.TextField()
    ledger_account = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_line_step"
        constraints = (
            models.UniqueConstraint(fields=("line", "number"), name="bank_line_steps_in_order"),
        )


class BankAdjustment(models.Model):
    """An adjustment that two people let go: the cause of its entry. A line has another one only
    after the match of the first was undone."""

    adjustment_key = models.TextField(primary_key=True)
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT)
    proposed_by = models.TextField()
    approved_by = models.TextField()
    ledger_account = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "bank_adjustment"


class Accrual(models.Model):
    """Unbilled revenue of one month end: the cause of its entry, and of the reversal after it."""

    accrual_key = models.TextField(primary_key=True)
    month_end = models.DateField(unique=True)
    total_cents = models.BigIntegerField()
    record = models.BinaryField()
    record_sha256 = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "accrual"


class AccrualLine(models.Model):
    """What one agreement had used and not been billed for, and how that was found."""

    accrual = models.ForeignKey(Accrual, on_delete=models.PROTECT)
    agreement_id = models.TextField()
    account_id = models.TextField(db_index=True)
    schedule = models.TextField()
    service_class = models.TextField()
    days = DateRangeField()
    priced_days = models.IntegerField()
    energy_wh = models.BigIntegerField(null=True)
    cents = models.BigIntegerField()
    method = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "accrual_line"
        constraints = (
            models.UniqueConstraint(
                fields=("accrual", "agreement_id"), name="an_agreement_is_accrued_once_a_month"
            ),
        )
