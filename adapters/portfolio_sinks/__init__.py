"""Where valued portfolios go.

csv_file.py and parquet_file.py write to any place of adapters/outputs, sql_table.py to a database. columns.py,
csv_cells.py and table_types.py make columns and cells of rows and answers.
"""
