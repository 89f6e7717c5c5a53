"""Settlements with their steps, and verified payees. Append-only, all of it.

Lives here      columns; the migration adds triggers, roles and row-level security.
Lives elsewhere the nouns (``facts.settlements``), reading and writing (``repository/settlements``).
"""

from __future__ import annotations

from django.db import models


class VerifiedPayee(models.Model):
    """Somebody who was checked to be the one that money of an account may go to."""

    payee_id = models.TextField(primary_key=True)
    account = models.ForeignKey("places.Account", on_delete=models.PROTECT)
    name = models.TextField()
    means = models.TextField()
    details = models.TextField()
    verified_by = models.TextField()
    evidence = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "verified_payee"
        constraints = (
            models.CheckConstraint(
                name="a_payee_is_verified_by_a_name",
                condition=~models.Q(verified_by="") & ~models.Q(evidence="") & ~models.Q(name=""),
            ),
        )


class Settlement(models.Model):
    """What is settled, with the record of its decision. Where it stands its last step says."""

    settlement_id = models.TextField(primary_key=True)
    key = models.TextField()
    kind = models.TextField()
    account = models.ForeignKey(
        "places.Account", on_delete=models.PROTECT, null=True, related_name="settlements"
    )
    to_account = models.ForeignKey(
        "places.Account", on_delete=models.PROTECT, null=True, related_name="settled_here"
    )
    cents = models.BigIntegerField()
    source = models.TextField()
    needs_two = models.BooleanField()
    ceiling_cents = models.BigIntegerField(null=True)
    by_day = models.DateField(null=True)
    about = models.TextField()
    payee_name = models.TextField()
    payee_means = models.TextField()
    payment = models.ForeignKey("ledger.Payment", on_delete=models.PROTECT, null=True)
    payee = models.ForeignKey(VerifiedPayee, on_delete=models.PROTECT, null=True)
    record = models.TextField()

    class Meta:
        db_table = "settlement"
        constraints = (
            models.CheckConstraint(
                name="a_settlement_is_of_something", condition=models.Q(cents__gt=0)
            ),
            models.CheckConstraint(
                name="leaving_or_forgiven_money_needs_two",
                condition=~models.Q(kind__in=["refund", "credit"]) | models.Q(needs_two=True),
            ),
            models.CheckConstraint(
                name="a_special_charge_needs_two",
                condition=~models.Q(kind="special") | models.Q(needs_two=True),
            ),
            models.CheckConstraint(
                name="above_the_ceiling_needs_two",
                condition=models.Q(ceiling_cents__isnull=True)
                | models.Q(cents__lte=models.F("ceiling_cents"))
                | models.Q(needs_two=True),
            ),
            models.CheckConstraint(
                name="a_refund_goes_to_its_source_or_a_payee",
                condition=(
                    models.Q(kind="refund", payment__isnull=False, payee__isnull=True)
                    | models.Q(kind="refund", payment__isnull=True, payee__isnull=False)
                    | ~models.Q(kind="refund") & models.Q(payment__isnull=True, payee__isnull=True)
                ),
            ),
        )
        indexes = (
            models.Index(
                fields=("about", "kind"),
                condition=models.Q(kind__in=["fee", "recovery"]),
                name="settlements_of_a_payment",
            ),
        )


class SettlementStep(models.Model):
    """One act on a settlement, with the entry that it posted, if it moved money."""

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT)
    number = models.IntegerField()
    act = models.TextField()
    on_day = models.DateField()
    by = models.TextField()
    reason = models.TextField()
    entry_id = models.TextField(null=True, unique=True)
    entry_key = models.TextField(null=True, db_index=True)
    reference = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "settlement_step"
        constraints = (
            models.UniqueConstraint(
                fields=("settlement", "number"), name="settlement_steps_in_order"
            ),
            models.CheckConstraint(
                name="a_settlement_step_has_a_name_and_a_reason",
                condition=~models.Q(by="") & ~models.Q(reason=""),
            ),
        )
