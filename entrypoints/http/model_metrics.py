"""What Prometheus learns of the model that is served."""

import contextlib

from prometheus_client.core import GaugeMetricFamily, Metric

from application.served_model import ServedModel
from domain.errors import NoModelServed
from entrypoints.http.metrics import Tally


class ModelInfo(Tally):
    """Which version the worker that is asked serves: its name, recipe and artifact."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served

    def read(self) -> Metric:
        """1 with the labels; nothing where no model is served."""
        labels = ("version", "recipe", "artifact_sha256", "currency")
        family = GaugeMetricFamily("tasador_model_info", "The model that is served.", labels=labels)
        try:
            model = self._served.current().description
        except NoModelServed:
            return family
        family.add_metric([model.version, model.card.recipe, model.artifact.sha256, model.card.currency], 1)
        return family


class ModelTrained(Tally):
    """When that version was trained."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served

    def read(self) -> Metric:
        """The moment in seconds since 1970; nothing where no model is served."""
        family = GaugeMetricFamily(
            "tasador_model_trained_timestamp_seconds", "When the model that is served was trained."
        )
        with contextlib.suppress(NoModelServed):
            family.add_metric([], self._served.current().description.card.trained_at.timestamp())
        return family
