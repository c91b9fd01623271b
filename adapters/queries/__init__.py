"""What a client's own query returns, whatever the database: as Arrow batches."""
