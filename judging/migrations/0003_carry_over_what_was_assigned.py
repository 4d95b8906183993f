"""Fill what the new columns and tables say of studies that are under way already."""

from django.db import migrations

BATCH = 2_000

SEEN = """
INSERT INTO judging_seencompletion (rater_id, study_id, prompt_id, completion_id, issue)
SELECT held.rater_id, held.study_id, comparison.prompt_id, comparison.{side}_id, MIN(held.issue)
FROM (
    SELECT rater_id, study_id, comparison_id,
           ROW_NUMBER() OVER (PARTITION BY rater_id, study_id ORDER BY id) - 1 AS issue
    FROM judging_assignment
) AS held
JOIN judging_comparison AS comparison ON comparison.id = held.comparison_id
WHERE NOT EXISTS (
    SELECT 1 FROM judging_seencompletion AS seen
    WHERE seen.rater_id = held.rater_id AND seen.study_id = held.study_id
    AND seen.prompt_id = comparison.prompt_id AND seen.completion_id = comparison.{side}_id
)
GROUP BY held.rater_id, held.study_id, comparison.prompt_id, comparison.{side}_id
"""


def fill(apps, schema_editor):
    comparisons = apps.get_model("judging", "Comparison").objects
    for side in ("first", "second"):
        schema_editor.execute(SEEN.format(side=side))
    forfeit = apps.get_model("judging", "Forfeit")
    for version in apps.get_model("judging", "StudyVersion").objects.order_by("pk"):
        # Without the rule until now, one rater could judge all there were.
        version.judgeable_by_language = version.comparisons_by_language
        version.save(update_fields=["judgeable_by_language"])
        forfeited = comparisons.filter(
            study_id=version.study_id, added_in__number__lte=version.number
        ).exclude(forfeit="")
        outcomes = version.protocol["judgments_per_comparison"]
        forfeit.objects.bulk_create(
            (
                forfeit(study_version=version, comparison_id=pk, outcomes=outcomes)
                for pk in forfeited.values_list("pk", flat=True)
            ),
            batch_size=BATCH,
        )


class Migration(migrations.Migration):
    dependencies = [("judging", "0002_assignment_as_experiment")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
