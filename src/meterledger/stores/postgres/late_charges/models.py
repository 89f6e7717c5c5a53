"""Late charges with their records, what was taken back, what waits, and runs. Append-only, all.

Lives here      columns; the migration adds triggers, roles, row-level security and causes.
Lives elsewhere the entries (``ledger``), the nouns (``facts/late_charges``), reading and writing
                (``repository/late_charges``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class LateCharge(models.Model):
    """What was unpaid after one delinquent date costs; the cause of its entry ``late:ID``."""

    late_charge_id = models.TextField(primary_key=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    bill_id = models.TextField()
    delinquent_day = models.DateField()
    on_day = models.DateField(db_index=True)
    cents = models.BigIntegerField()
    base_cents = models.BigIntegerField()
    codes = ArrayField(models.TextField())
    rests_on = ArrayField(models.TextField())
    clause = models.TextField()
    standing = models.TextField()
    record = models.BinaryField()
    record_sha256 = models.TextField()
    book_sha256 = models.TextField()
    known_at = models.DateTimeField()
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True)

    class Meta:
        db_table = "late_charge"
        constraints = (
            models.CheckConstraint(name="late_charge_is_positive", condition=models.Q(cents__gt=0)),
            models.CheckConstraint(
                name="late_charge_is_after_its_delinquent_day",
                condition=models.Q(on_day__gt=models.F("delinquent_day")),
            ),
        )


class LateChargeReversal(models.Model):
    """A charge taken back, once: because a bill was corrected, or by two people."""

    late_charge = models.OneToOneField(LateCharge, on_delete=models.PROTECT, primary_key=True)
    account_id = models.TextField(db_index=True)
    cause = models.TextField()
    reason = models.TextField()
    by = models.TextField()
    approved_by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "late_charge_reversal"


class LateChargeWait(models.Model):
    """A delinquent date that was not decided on a day, because something was not known."""

    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    delinquent_day = models.DateField()
    on_day = models.DateField()
    code = models.TextField()
    sentence = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "late_charge_wait"
        constraints = (
            models.UniqueConstraint(
                fields=("account", "delinquent_day", "on_day"), name="a_wait_is_kept_once"
            ),
        )


class LateChargeRun(models.Model):
    """What a run came to: everybody considered is charged, not charged or refused."""

    run_id = models.TextField(primary_key=True)
    on_day = models.DateField(db_index=True)
    scope = models.TextField()
    considered = models.BigIntegerField()
    charged = models.BigIntegerField()
    not_charged = models.BigIntegerField()
    refused = models.BigIntegerField()
    charges = models.BigIntegerField()
    cents = models.BigIntegerField()
    by_code = models.JSONField()
    book_sha256 = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "late_charge_run"
        constraints = (
            models.CheckConstraint(
                name="considered_is_charged_not_charged_and_refused",
                condition=models.Q(
                    considered=models.F("charged") + models.F("not_charged") + models.F("refused")
                ),
            ),
        )


class GovernmentAccount(models.Model):
    """Whose account it is from a day on, and what the law demands for it."""

    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    from_day = models.DateField()
    holder = models.TextField()
    legal_basis = models.TextField(null=True)
    percent_by_law = models.TextField(null=True)
    days_after_issue = models.IntegerField(null=True)
    by = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "government_account"
        constraints = (
            models.CheckConstraint(
                name="terms_of_its_own_rest_on_a_law",
                condition=models.Q(percent_by_law=None, days_after_issue=None)
                | ~models.Q(legal_basis=None),
            ),
        )
