"""A charge is taken back, too, where its bill had not reached the customer by the date."""

from django.db import migrations

CAUSES = """
ALTER TABLE late_charge_reversal
    DROP CONSTRAINT causes_of_a_reversal,
    ADD CONSTRAINT causes_of_a_reversal CHECK (
        cause IN ('corrected bill', 'payment in time', 'not delivered', 'by decision'));
"""


class Migration(migrations.Migration):
    dependencies = [("late_charges", "0004_plain_names")]

    operations = [migrations.RunSQL(CAUSES)]
