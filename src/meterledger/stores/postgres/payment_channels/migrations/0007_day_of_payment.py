"""A processor may say on which day it took the money of a checkout."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payment_channels", "0006_returns_done")]

    operations = [
        migrations.AddField(
            model_name="checkoutstep",
            name="paid_day",
            field=models.DateField(null=True),
        ),
    ]
