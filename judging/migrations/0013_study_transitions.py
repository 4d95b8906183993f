"""When a study was paused, resumed and closed, and who published, kept as it happened."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from judging.guards import reverse_statements, statements

TABLES = ("judging_studytransition",)


def guard(apps, schema_editor):
    if settings.LEDGER_GUARDED:
        for statement in statements(schema_editor.connection.vendor, TABLES):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in reverse_statements(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('judging', '0012_index_by_study_and_rater'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StudyTransition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('open', 'Open'), ('paused', 'Paused'), ('closed', 'Closed')], max_length=16)),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='studyversion',
            name='published_by',
            field=models.ForeignKey(db_index=False, help_text='Null: the command line, or it was not kept then.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='judgment',
            index=models.Index(condition=models.Q(('kind__in', ('exclusion', 'restoration'))), fields=['assignment'], name='judgment_decided'),
        ),
        migrations.AddField(
            model_name='studytransition',
            name='by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='studytransition',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transitions', to='judging.study'),
        ),
        migrations.RunPython(guard, unguard),
    ]
