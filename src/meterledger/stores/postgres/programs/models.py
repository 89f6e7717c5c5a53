"""Who takes part in which programme, on two clocks.

Lives here      columns and constraints; the migration adds triggers, roles, row-level security.
Lives elsewhere the noun (``facts.participation``), reading and writing (``repository/programs``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import Account, once_at_a_time


class Participation(models.Model):
    """An agreement is in a programme on some days; once on a day, whoever races."""

    agreement_id = models.TextField(db_index=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    program = models.TextField()
    blocks = models.IntegerField(null=True)
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "participation"
        constraints = (
            once_at_a_time("in_a_program_once_a_day", "agreement_id", "program"),
            models.CheckConstraint(
                name="blocks_subscribed_are_counted",
                condition=models.Q(blocks__isnull=True) | models.Q(blocks__gt=0),
            ),
        )
