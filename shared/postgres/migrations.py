"""Columns that a table lacks which an older release has made."""


def add_column(table: str, name: str, kind: str) -> str:
    """SQL that adds it; where it is there already, nothing waits for the table or is kept waiting."""
    return f"""do $$ begin
  if not exists (select from pg_attribute where attrelid = '{table}'::regclass and attname = '{name}') then
    alter table {table} add column if not exists {name} {kind};
  end if;
end $$;
"""
