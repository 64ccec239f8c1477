"""One environment for every distribution: each has its own version table and folder."""

from alembic import context

arguments = context.config.attributes
connection = arguments["connection"]
context.configure(
    connection=connection,
    target_metadata=arguments["metadata"],
    version_table=arguments["version_table"],
    include_object=lambda _object, name, kind, _reflected, _compared: (
        kind != "table" or str(name).startswith(arguments["prefix"])
    ),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
