"""Alembic's entry: one transaction, as the owner, on the connection that ``headwater.db.revisions`` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
connection.exec_driver_sql("set local role headwater_owner")
connection.exec_driver_sql("set local search_path = headwater")
connection.exec_driver_sql("set local statement_timeout = 0")  # a large table may take long
context.configure(connection=connection, version_table_schema="headwater", transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
