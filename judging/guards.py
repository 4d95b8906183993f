"""The triggers that let rows be written and never changed, in SQL, for PostgreSQL and SQLite (pure)."""

TABLES = (
    "judging_judgment",
    "judging_vote",
    "judging_auditbatch",
    "judging_unblindingevent",
    "judging_blindingguess",
    "judging_raterfinding",
    "judging_cohortmembership",
    "judging_studytransition",
)
FUNCTION = """
CREATE OR REPLACE FUNCTION judging_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def statements(vendor: str, tables: tuple[str, ...] = TABLES) -> list[str]:
    """Return what makes the triggers."""
    if vendor == "postgresql":
        made = [
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION judging_refuse_change()"
            for table in tables
        ]
        emptied = [
            f"CREATE TRIGGER {table}_written_once_all BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION judging_refuse_change()"
            for table in tables
        ]
        return [FUNCTION, *made, *emptied]
    return [
        f"CREATE TRIGGER {table}_written_once_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are written once'); END"
        for table in tables
        for event in ("UPDATE", "DELETE")
    ]


def reverse_statements(vendor: str, tables: tuple[str, ...] = TABLES) -> list[str]:
    """Return what takes the triggers away."""
    if vendor == "postgresql":
        return [
            f"DROP TRIGGER IF EXISTS {table}_written_once{which} ON {table}"
            for table in tables
            for which in ("", "_all")
        ]
    return [
        f"DROP TRIGGER IF EXISTS {table}_written_once_{event}"
        for table in tables
        for event in ("update", "delete")
    ]
