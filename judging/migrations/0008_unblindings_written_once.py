"""Let the database refuse to change who was shown what."""

from django.conf import settings
from django.db import migrations

from judging.guards import reverse_statements, statements

TABLES = ("judging_unblindingevent",)


def guard(apps, schema_editor):
    if settings.LEDGER_GUARDED:
        for statement in statements(schema_editor.connection.vendor, TABLES):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in reverse_statements(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("judging", "0007_unblinding_events")]

    operations = [migrations.RunPython(guard, unguard)]
