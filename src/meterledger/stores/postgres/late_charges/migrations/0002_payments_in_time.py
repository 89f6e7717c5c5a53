"""A charge is taken back for a payment in time, too, of which we learned after it."""

from django.db import migrations

CAUSES = """
ALTER TABLE late_charge_reversal
    DROP CONSTRAINT causes_of_a_reversal,
    ADD CONSTRAINT causes_of_a_reversal CHECK (
        cause IN ('corrected bill', 'payment in time', 'by decision'));
"""


class Migration(migrations.Migration):
    dependencies = [("late_charges", "0001_initial")]

    operations = [migrations.RunSQL(CAUSES)]
