"""A person may match by hand what no rule may, with a name and a reason."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0002_matches_undone")]

    operations = [
        migrations.AddField("bankmatch", "by", models.TextField(default="")),
        migrations.AddField("bankmatch", "reason", models.TextField(default="")),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
