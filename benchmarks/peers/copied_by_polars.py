"""Copies a Parquet file with Polars' streaming engine. Started by batch.py: FROM TO."""

import sys

import polars as pl

pl.scan_parquet(sys.argv[1]).sink_parquet(sys.argv[2])
