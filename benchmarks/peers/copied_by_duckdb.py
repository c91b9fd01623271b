"""Copies a Parquet file with DuckDB: what reading and writing alone take. Started by batch.py: FROM TO."""

import sys

import duckdb

before, after = (path.replace("'", "''") for path in sys.argv[1:3])
duckdb.execute(f"COPY (SELECT * FROM read_parquet('{before}')) TO '{after}' (FORMAT parquet)")  # noqa: S608
