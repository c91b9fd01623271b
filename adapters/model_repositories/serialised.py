"""Models as bytes, by joblib. Such bytes are a program: only what a trusted key has signed is loaded."""

import threading
import warnings
from io import BytesIO

from application.ports.model_trainer import TrainedModel

_COMPRESSION = 3
_LOADING = threading.Lock()
"""Held while a model is loaded: Python catches warnings for all threads at once."""


def dumped(model: TrainedModel) -> bytes:
    """The bytes of a model."""
    import joblib

    buffer = BytesIO()
    joblib.dump(model, buffer, compress=_COMPRESSION)
    return buffer.getvalue()


def loaded(content: bytes) -> object:
    """What these bytes are of. Raises whatever goes wrong, and ValueError where a library warned.

    A library that warns of a model of another version of itself is not to be trusted with it.
    """
    import joblib

    with _LOADING, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model: object = joblib.load(BytesIO(content))
    if warned:
        raise ValueError(str(warned[0].message))
    return model
