"""Batches as a database sends them, cut anew into parts that depend on the rows alone."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from adapters.queries.result import BYTES_OF_A_PART, ROWS_OF_A_PART


def cut(
    batches: Iterable[pa.RecordBatch], rows: int = ROWS_OF_A_PART, size: int = BYTES_OF_A_PART
) -> Iterator[pa.RecordBatch]:
    """The same rows in the same order, `rows` a part; fewer where they take more than `size` bytes, and in the last."""
    held: list[pa.RecordBatch] = []
    count = weight = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, rows - count)
            start += piece.num_rows
            held.append(piece)
            count += piece.num_rows
            weight += piece.nbytes
            if count >= rows or weight >= size:
                yield pa.concat_batches(held)
                held, count, weight = [], 0, 0
    if held:
        yield pa.concat_batches(held)
