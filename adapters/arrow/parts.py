"""Batches as they come, cut anew into parts that depend on the rows alone."""

import math
from collections.abc import Iterable, Iterator

import pyarrow as pa


def cut(batches: Iterable[pa.RecordBatch], rows: int, size: float = math.inf) -> Iterator[pa.RecordBatch]:
    """The same rows in the same order, `rows` a part; fewer where they take `size` bytes or more, and in the last."""
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
                yield pa.concat_batches(held)  # a copy even of one: a piece is sent to others with all of its batch
                held, count, weight = [], 0, 0
    if held:
        yield pa.concat_batches(held)
