"""A record of a visit may correct another, once; both stay."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meters", "0002_events_and_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="meterwork",
            name="corrects",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="meters.meterwork"
            ),
        ),
        migrations.AddConstraint(
            model_name="meterwork",
            constraint=models.UniqueConstraint(
                fields=("corrects",), name="a_visit_is_corrected_once"
            ),
        ),
    ]
