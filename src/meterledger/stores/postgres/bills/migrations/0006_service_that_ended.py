"""The last bill may have fewer days than the one it replaces; 0006_service_that_ended.sql holds it."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bills", "0005_plain_names"), ("places", "0003_taxes")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
