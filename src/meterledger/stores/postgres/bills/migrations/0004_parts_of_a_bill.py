"""A bill may have days of several service points; 0004_parts_of_a_bill.sql holds them together."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bills", "0003_two_people")]

    operations = [
        migrations.AddField("serviceperiodclaim", "part_of", models.TextField(null=True)),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
