"""Level 1: PostgreSQL. The one way in is ``session``; the schema is made by ``migrate``; SQL lives in named files."""
