"""What raters think who wrote an answer, kept as it was said."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from judging.guards import reverse_statements, statements

TABLES = ("judging_blindingguess",)


def guard(apps, schema_editor):
    if settings.LEDGER_GUARDED:
        for statement in statements(schema_editor.connection.vendor, TABLES):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in reverse_statements(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("judging", "0008_unblindings_written_once"),
        ("models_registry", "0003_turn_outcomes"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlindingGuess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "about_first",
                    models.BooleanField(help_text="About the canonical first, else the second."),
                ),
                ("decoy", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guesses",
                        to="judging.assignment",
                    ),
                ),
                (
                    "language_model",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="models_registry.languagemodel",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assignment", "about_first"), name="guess_once_an_answer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("language_model", None), ("decoy", ""), _connector="OR"
                        ),
                        name="guess_one_name",
                    ),
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
