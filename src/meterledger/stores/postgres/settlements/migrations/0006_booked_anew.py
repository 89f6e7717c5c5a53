"""What was taken back may be booked anew; 0006_booked_anew.sql holds that one at a time stands."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlements", "0005_handed_over_by_another")]

    operations = [
        migrations.RemoveConstraint("settlement", "a_payment_is_charged_and_recovered_once"),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(
                condition=models.Q(("kind__in", ["fee", "recovery"])),
                fields=["about", "kind"],
                name="settlements_of_a_payment",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
