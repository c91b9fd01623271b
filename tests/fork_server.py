"""Processes that share nothing with pytest's own, and are there in a moment: forks of one that has only imported."""

import multiprocessing

FORK_SERVER = multiprocessing.get_context("forkserver")
# One list for all, since whoever starts the first process settles it. Nothing of training is on it.
FORK_SERVER.set_forkserver_preload(
    [
        "hypothesis",
        "pytest",
        "entrypoints.cli.main",
        "entrypoints.http.app",
        "entrypoints.http.server",
        "adapters.key_stores.sql_database",
        "adapters.model_repositories.joblib_folder",
        "adapters.valuation_logs.jsonl_files",
        "config.container",
        "sqlalchemy.dialects.sqlite",
    ]
)
