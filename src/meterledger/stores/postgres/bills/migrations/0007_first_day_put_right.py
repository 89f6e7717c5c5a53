"""The first bill may begin on another day than the one it replaces; 0007_first_day_put_right.sql."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bills", "0006_service_that_ended"), ("places", "0004_put_right")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
