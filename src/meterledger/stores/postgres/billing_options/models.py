"""Budget plans, due dates and delivery of accounts, on two clocks; what budget bills asked.

Lives here      columns and constraints; the migration adds triggers, roles, row-level security.
Lives elsewhere the nouns (``facts.budget``, ``facts.billing_options``), reading and writing
                (``repository/billing_options``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import Account, once_at_a_time


class BudgetPlan(models.Model):
    """An account is on the plan on some days; it has one plan on a day, whoever races."""

    plan_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    service_point_id = models.TextField()
    ended = models.TextField()
    reasons = models.JSONField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "budget_plan"
        constraints = (
            once_at_a_time("one_budget_plan_a_day", "account"),
            models.UniqueConstraint(
                name="one_version_of_a_budget_plan_believed",
                fields=["plan_id"],
                condition=models.Q(known__upper_inf=True),
            ),
        )


class DueDateChoice(models.Model):
    """An account's own due date on some days; one on a day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    kind = models.TextField()
    day_of_month = models.SmallIntegerField()
    person = models.JSONField()
    reasons = models.JSONField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "due_date_choice"
        constraints = (
            once_at_a_time("one_due_date_a_day", "account"),
            models.CheckConstraint(
                name="a_day_that_every_month_has",
                condition=models.Q(kind="preferred", day_of_month__gte=1, day_of_month__lte=28)
                | models.Q(kind="deferred", day_of_month=0),
            ),
        )


class DeliveryPreference(models.Model):
    """How an account wants its bills on some days; in one way on a day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    medium = models.TextField()
    address = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "delivery_preference"
        constraints = (
            once_at_a_time("one_delivery_a_day", "account"),
            models.CheckConstraint(
                name="delivered_on_paper_or_electronically",
                condition=models.Q(medium__in=["paper", "electronic"]),
            ),
        )


class BudgetAmount(models.Model):
    """What a plan's monthly amount was decided to be; once for a month of review."""

    plan_id = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    month = models.DateField()
    from_day = models.DateField()
    cents = models.BigIntegerField()
    cause = models.TextField()
    adjusted = models.BooleanField()
    estimate = models.JSONField()
    reasons = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "budget_amount"
        constraints = (
            models.UniqueConstraint(
                fields=("plan_id", "month"), name="one_decision_a_month_of_review"
            ),
            models.CheckConstraint(
                name="a_monthly_amount_is_not_negative", condition=models.Q(cents__gte=0)
            ),
        )


class BudgetElection(models.Model):
    """What a participant elected."""

    plan_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    from_day = models.DateField()
    month_option = models.TextField()
    reevaluation_month = models.SmallIntegerField()
    settlement_option = models.TextField()
    elected = models.BooleanField()
    reasons = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "budget_election"


class BudgetElectionBack(models.Model):
    """An election was taken back before it had an effect; once."""

    election = models.OneToOneField(BudgetElection, on_delete=models.PROTECT, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "budget_election_back"


class BudgetBill(models.Model):
    """What an issued bill asked on a plan, written in the transaction that records the bill."""

    bill_id = models.TextField(primary_key=True)
    plan_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    days = DateRangeField()
    kind = models.TextField()
    plan_amount_cents = models.BigIntegerField()
    rolled_over_part_cents = models.BigIntegerField()
    settlement_cents = models.BigIntegerField()
    charges_cents = models.BigIntegerField()
    asked_cents = models.BigIntegerField()
    rolled_over_cents = ArrayField(models.BigIntegerField())
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "budget_bill"
        constraints = (
            models.CheckConstraint(
                name="what_is_asked_is_the_sum_of_its_parts",
                condition=models.Q(
                    asked_cents=models.F("plan_amount_cents")
                    + models.F("rolled_over_part_cents")
                    + models.F("settlement_cents")
                ),
            ),
        )
