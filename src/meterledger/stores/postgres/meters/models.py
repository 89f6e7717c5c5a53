"""Meters, their configurations, premise links, work at them, and loads without a meter.

Lives here      columns and the constraints that Django can say; the migration adds triggers, roles
                and row-level security.
Lives elsewhere which meter measures where (``places``), the nouns (``facts.meters``), reading and
                writing (``repository``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import ServicePoint, once_at_a_time


class Meter(models.Model):
    """A device."""

    meter_id = models.TextField(primary_key=True)
    kind = models.TextField()
    maker = models.TextField()
    model = models.TextField()
    serial = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "meter"


class MeterConfiguration(models.Model):
    """How a meter is set up, on some days, with the fingerprint of it."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    billed_on = models.TextField()
    interval_seconds = models.IntegerField(null=True)
    registers = models.JSONField()
    settings = models.JSONField()
    fingerprint = models.TextField(db_index=True)
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "meter_configuration"
        constraints = (once_at_a_time("one_configuration_a_day_of_a_meter", "meter"),)


class PremiseLink(models.Model):
    """How sure we are that a meter is where its installation says, on some days."""

    meter_id = models.TextField()
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT)
    source = models.TextField()
    confidence = models.SmallIntegerField()
    evidence = models.TextField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "premise_link"
        constraints = (
            once_at_a_time("one_premise_link_a_day_of_a_meter", "meter_id"),
            models.CheckConstraint(
                name="confidence_is_zero_to_a_hundred",
                condition=models.Q(confidence__range=(0, 100)),
            ),
        )


class UnmeteredLoad(models.Model):
    """Devices whose energy is calculated, on some days."""

    load_id = models.TextField()
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT)
    device = models.TextField()
    count = models.IntegerField()
    volt_amperes = models.IntegerField()
    hours = models.JSONField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "unmetered_load"
        constraints = (
            once_at_a_time("one_version_a_day_of_an_unmetered_load", "load_id"),
            models.CheckConstraint(
                name="an_unmetered_load_takes_energy",
                condition=models.Q(count__gte=1, volt_amperes__gte=1),
            ),
        )


class MeterWork(models.Model):
    """One visit to a service point. ``closing`` and ``opening`` hold what registers showed."""

    work_id = models.TextField(primary_key=True)
    kind = models.TextField()
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT)
    removed_meter = models.TextField(null=True, db_index=True)
    installed_meter = models.TextField(null=True, db_index=True)
    worked_at = models.DateTimeField()
    reason = models.TextField()
    closing = models.JSONField()
    opening = models.JSONField()
    learned_at = models.DateTimeField()
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    class Meta:
        db_table = "meter_work"
        constraints = (
            models.UniqueConstraint(name="a_visit_is_corrected_once", fields=["corrects"]),
            models.CheckConstraint(
                name="work_is_about_a_meter",
                condition=models.Q(removed_meter__isnull=False)
                | models.Q(installed_meter__isnull=False),
            ),
        )


class MeterEvent(models.Model):
    """Something a meter reported. ``event_id`` names what happened, whichever files tell of it."""

    event_id = models.TextField(primary_key=True)
    meter_id = models.TextField()
    kind = models.TextField()
    happened_at = models.DateTimeField()
    source = models.TextField()
    sequence = models.BigIntegerField()
    details = models.JSONField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "meter_event"
        indexes = (
            models.Index(name="event_of_meter", fields=["meter_id", "happened_at"]),
            models.Index(name="event_in_time", fields=["happened_at"]),
        )
        constraints = (
            models.UniqueConstraint(
                name="one_event_at_a_place_of_a_source", fields=["source", "sequence"]
            ),
        )


class MeterCase(models.Model):
    """Events of one meter that somebody is to look at."""

    case_id = models.TextField(primary_key=True)
    kind = models.TextField()
    meter_id = models.TextField(db_index=True)
    opened_at = models.DateTimeField()
    queue = models.TextField()
    sentence = models.TextField()
    threshold = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "meter_case"


class MeterCaseEvent(models.Model):
    """Which events a case rests on; an event is evidence of one case of its kind."""

    case = models.ForeignKey(MeterCase, on_delete=models.PROTECT)
    event = models.ForeignKey(MeterEvent, on_delete=models.PROTECT)
    number = models.IntegerField()

    class Meta:
        db_table = "meter_case_event"
        constraints = (
            models.UniqueConstraint(name="an_event_is_evidence_once", fields=["event"]),
            models.UniqueConstraint(name="evidence_in_order", fields=["case", "number"]),
        )


class MeterCaseStep(models.Model):
    """What somebody did about a case, and why. Nothing follows what closed it."""

    case = models.ForeignKey(MeterCase, on_delete=models.PROTECT)
    number = models.IntegerField()
    state = models.TextField()
    by = models.TextField()
    reason = models.TextField()
    learned_at = models.DateTimeField()

    class Meta:
        db_table = "meter_case_step"
        constraints = (models.UniqueConstraint(name="steps_in_order", fields=["case", "number"]),)
