"""Latency against load as a picture.

python benchmarks/load/chart.py POINTS.json PICTURE.png      started by serving.py, in an environment with matplotlib
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

_COLOURS = ("#8a8f98", "#0f6fbf", "#1a9e6b", "#c8501e")


def main() -> None:
    """Two panels, p50 and p99 over the number of connections, and the most requests a second."""
    points = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    mpl.use("Agg")
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False})
    mpl.rcParams.update({"axes.spines.right": False, "axes.grid": True, "grid.color": "#e4e6ea"})
    figure, panels = plt.subplots(1, 2, figsize=(10.5, 5), sharey=True, layout="constrained")
    for panel, (figure_name, title) in zip(panels, (("p50", "median"), ("p99", "99th percentile")), strict=True):
        for colour, (name, rows) in zip(_COLOURS, points["series"].items(), strict=False):
            xs = [row["connections"] for row in rows]
            most = f"{name}: at most {max(row['per_second'] for row in rows):,.0f}/s"
            panel.plot(xs, [row[figure_name] for row in rows], "o-", color=colour, ms=4, lw=1.8, label=most)
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(xs, [str(x) for x in xs])
        panel.set_xlabel("connections, each waiting for its answer before it asks again")
        panel.set_title(f"Latency, {title}", loc="left", fontweight="bold")
        panel.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    panels[0].set_ylabel("milliseconds")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)
    figure.suptitle(points["title"], x=0.01, ha="left", fontsize=9, color="#5b616b")
    figure.savefig(sys.argv[2], dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
