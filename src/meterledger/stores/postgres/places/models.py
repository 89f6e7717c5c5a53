"""Customers and places. A row of a dated fact has ``days`` (true) and ``known`` (believed).

Lives here      columns and the constraints that Django can say; ``kept_safe`` adds triggers, roles
                and row-level security in the migration.
Lives elsewhere the nouns themselves (``facts.places``), reading and writing (``repository``).

Rows are never overwritten. The one update allowed closes ``known`` once, when something else is
learned; the new row stands beside the old one.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models


def hashed(key: str) -> models.Func:
    """A text key as 64 bits: an index of ranges finds those several times faster than text.

    Two keys with one hash would be refused without need, loudly; among a million keys the chance
    that there are two is one in thirty million.
    """
    return models.Func(models.F(key), models.Value(0), function="hashtextextended")


def once_at_a_time(name: str, *keys: str) -> ExclusionConstraint:
    """No two rows with the same keys that hold on one day and are believed at one instant."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((hashed(key), RangeOperators.EQUAL) for key in keys),
            ("days", RangeOperators.OVERLAPS),
            ("known", RangeOperators.OVERLAPS),
        ],
    )


def measured_once(name: str, key: str) -> ExclusionConstraint:
    """No two rows with the same key that measured at one instant and are believed at one."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            (hashed(key), RangeOperators.EQUAL),
            (
                models.Func(
                    models.F("days"),
                    models.F("began_second"),
                    models.F("ended_second"),
                    function="measured_seconds",
                ),
                RangeOperators.OVERLAPS,
            ),
            ("known", RangeOperators.OVERLAPS),
        ],
    )


class Person(models.Model):
    """Somebody who can be responsible for an account."""

    person_id = models.TextField(primary_key=True)
    name = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "person"


class Account(models.Model):
    """What is billed and paid as one."""

    account_id = models.TextField(primary_key=True)
    cycle = models.SmallIntegerField(db_index=True)
    opened_day = models.DateField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "account"


class AccountHolder(models.Model):
    """A person responsible for an account on some days."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "account_holder"
        constraints = (once_at_a_time("holder_once_per_account_and_day", "account", "person"),)


class Premise(models.Model):
    """A place that takes service."""

    premise_id = models.TextField(primary_key=True)
    address = models.TextField()
    city = models.TextField()
    state = models.TextField()
    postal_code = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "premise"


class TaxPlace(models.Model):
    """The municipality a premise is taxed in, on some days."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT)
    place = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "tax_place"
        constraints = (once_at_a_time("tax_place_once_per_premise_and_day", "premise"),)


class SalesTaxPlace(models.Model):
    """The sales-tax jurisdiction of a premise, on some days."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT)
    jurisdiction = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "sales_tax_place"
        constraints = (once_at_a_time("sales_tax_place_once_per_premise_and_day", "premise"),)


class TaxExemption(models.Model):
    """What exempts an account, or one agreement of it, from a tax, on some days."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    agreement_id = models.TextField()
    tax = models.TextField()
    kind = models.TextField()
    certificate = models.TextField()
    share = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "tax_exemption"
        constraints = (
            once_at_a_time("exemption_once_per_tax_and_day", "account", "agreement_id", "tax"),
            models.CheckConstraint(
                name="a_share_above_nothing",
                condition=models.Q(share__regex="^(1|[1-9][0-9]*/[1-9][0-9]*)$"),
            ),
        )


class ServicePoint(models.Model):
    """Where energy is delivered and measured."""

    service_point_id = models.TextField(primary_key=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT)
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "service_point"


class MeterInstallation(models.Model):
    """A meter at a service point, on some days, and since and until which second of a day."""

    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT)
    meter_id = models.TextField(db_index=True)
    multiplier = models.IntegerField()
    began_second = models.IntegerField()
    ended_second = models.IntegerField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "meter_installation"
        constraints = (
            measured_once("meter_at_one_service_point_at_a_time", "meter_id"),
            measured_once("one_meter_at_a_time_at_a_service_point", "service_point"),
            models.CheckConstraint(
                name="multiplier_is_at_least_one", condition=models.Q(multiplier__gte=1)
            ),
            models.CheckConstraint(
                name="exchanged_inside_a_local_day",
                condition=models.Q(began_second__range=(0, 89_999))
                & models.Q(ended_second__range=(0, 89_999))
                & (models.Q(ended_second=0) | models.Q(days__upper_inf=False)),
            ),
        )


class AgreementPutRight(models.Model):
    """A fact of an agreement that was entered wrong, as it is believed since, by whom and why."""

    agreement_id = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    fact = models.TextField()
    was = models.TextField()
    is_now = models.TextField()
    author = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "agreement_put_right"
        constraints = (
            models.UniqueConstraint(
                name="a_fact_is_put_right_once_at_an_instant",
                fields=["agreement_id", "fact", "learned_at"],
            ),
            models.CheckConstraint(
                name="facts_that_are_put_right",
                condition=models.Q(fact__in=["schedule", "first_day", "cycle"]),
            ),
            models.CheckConstraint(
                name="a_cycle_is_a_number",
                condition=~models.Q(fact="cycle") | models.Q(is_now__regex="^[1-9][0-9]{0,3}$"),
            ),
            models.CheckConstraint(
                name="what_is_put_right_was_another",
                condition=~models.Q(was=models.F("is_now")),
            ),
        )


class Agreement(models.Model):
    """An account's service at a service point on a rate option, on some days."""

    agreement_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT)
    schedule = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "agreement"
        constraints = (
            once_at_a_time("one_agreement_a_day_at_a_service_point", "service_point"),
            models.UniqueConstraint(
                name="one_version_of_an_agreement_believed",
                fields=["agreement_id"],
                condition=models.Q(known__upper_inf=True),
            ),
        )
