"""No bill is claimed while an arrangement is closed, as while one is written."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    """A lock that an arrangement without days left, taken back, did not take."""

    dependencies = [("together", "0001_initial")]

    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
