"""A credit leaves for an approved refund; 0002_credits_are_refunds.sql says it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payment_channels", "0001_initial"), ("settlements", "0001_initial")]

    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"))]
