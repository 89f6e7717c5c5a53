"""Which service points of an account come on one bill, on two clocks.

Lives here      columns and constraints; the migration adds triggers, roles, row-level security, and
                what holds the claims of bills to it.
Lives elsewhere the noun (``facts.together``), reading and writing (``repository/together``).
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db import models

from meterledger.stores.postgres.places.models import Account, once_at_a_time


class BilledTogether(models.Model):
    """The meters of an agreement stand on another one's bill; on one a day, whoever races."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    agreement_id = models.TextField(db_index=True)
    joined_agreement = models.TextField(db_index=True)
    by = models.TextField()
    reason = models.TextField()
    reasons = models.JSONField()
    days = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        db_table = "billed_together"
        constraints = (once_at_a_time("billed_with_one_other_a_day", "joined_agreement"),)
