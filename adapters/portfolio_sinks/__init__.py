"""Where valued portfolios go.

csv_file.py and parquet_file.py write to any place of places.py: local_file.py, stored_object.py or a stream; outputs.py
is what these share. columns.py and csv_cells.py make columns and cells of rows and answers.
"""
