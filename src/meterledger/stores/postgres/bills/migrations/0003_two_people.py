"""A corrected bill above the ceiling leaves with two people; 0003_two_people.sql holds it."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bills", "0002_corrections")]

    operations = [
        migrations.AddField("billcorrection", "approved_by", models.TextField(db_default="")),
        migrations.AddField("billcorrection", "ceiling_cents", models.BigIntegerField(null=True)),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
