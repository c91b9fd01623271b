"""Where valuations are put on record.

jsonl_files.py is the log in files; it uses register_*.py, segment_*.py, entry_lines.py, lines_in_time.py and, for what
earlier versions wrote, older_files.py and adoption.py. sql_database.py is the log in a database; it uses sql_*.py,
group_commit.py and bounded_postgresql.py. Both share contents.py (evidence as bytes) and segment_limits.py.
best_effort.py and nowhere.py are the logs of those who do not insist on a record.
"""
