"""The matrix of a learner, made by the kernel."""

from collections.abc import Sequence
from ctypes import addressof

import numpy as np

from adapters.valuation_models.columns import Columns, Matrix, fields_of
from adapters.valuation_models.inputs import Codes, Inputs, Numbers
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import lent, library
from domain.model_version import FeatureSchema


class NativeColumns:
    """Columns side by side, for homes of these features."""

    def __init__(self, features: FeatureSchema, columns: Sequence[Columns]) -> None:
        self.inputs = Inputs(features, columns)
        self.width = len(fields_of(columns))
        made = [column.native(self.inputs) for column in columns]
        self._keeps = [each.keeps for each in made]
        self._columns = (kernel.Column * len(made))(*(each.column for each in made))
        self.native = kernel.Columns(
            columns=self._columns,
            count=len(made),
            width=self.width,
            numbers=self.inputs.numbers,
            codes=self.inputs.codes,
        )
        self._address = addressof(self.native)

    def write(self, numbers: Numbers, codes: Codes, matrix: Matrix) -> None:
        """Writes n homes into the first columns of `matrix`, of shape (n, width or more)."""
        library().columns_write(self._address, lent(numbers), lent(codes), len(numbers), lent(matrix), matrix.shape[1])

    def matrix(self, numbers: Numbers, codes: Codes) -> Matrix:
        """The columns of n homes, shape (n, width)."""
        matrix = np.empty((len(numbers), self.width))
        self.write(numbers, codes, matrix)
        return matrix
