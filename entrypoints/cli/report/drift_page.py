"""The study of drift as one page of HTML, complete in itself: it asks for nothing from anywhere."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from domain.drift import VALUE, DriftStudy, FeatureDrift, ShareDrift
from entrypoints.cli.report import words
from entrypoints.cli.report.drift_charts import bands, categories

_HERE = Path(__file__).parent
_TESTS = {"kolmogorov_smirnov": "Kolmogorov and Smirnov", "chi_square": "chi-square"}
_SHARES = {"unseen": "never seen", "missing": "not given", "refused": "refused", "out_of_domain": "out of domain"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A field with its chart."""

    feature: FeatureDrift
    chart: Markup


def rendered(study: DriftStudy) -> str:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {name: getattr(words, name) for name in ("share", "number", "amount", "count", "shortened")}
    environment.filters |= {"chance": _chance, "told": _told}
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    panels = [Panel(each, _chart(each, study.currency)) for each in study.features if each.bars]
    return environment.get_template("drift_page.html.jinja").render(
        study=study,
        panels=sorted(panels, key=lambda panel: (not panel.feature.drifted, -(panel.feature.psi or 0.0))),
        tests=_TESTS,
        middle=words.middle,
        style=Markup(style),  # noqa: S704 (a file of ours)
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _chart(feature: FeatureDrift, currency: str) -> Markup:
    if any(bar.low is not None for bar in feature.bars):
        return bands(feature.bars, f"{feature.name}, {currency}" if feature.name == VALUE else feature.name)
    return categories(feature.bars, feature.name)


def _told(share: ShareDrift) -> str:
    """What a share is of."""
    return f"{share.feature} {_SHARES[share.kind]}" if share.feature else _SHARES[share.kind]


def _chance(p: float | None) -> str:
    """A probability for people."""
    if p is None:
        return words.NOTHING
    return f"{p:.2g}" if p >= 1e-4 else f"<{words.NO_BREAK}0.0001"
