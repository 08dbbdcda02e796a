"""The ratios as bars, with what they are to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.results import Figure

_MET, _MISSED, _PLAIN = "#2c7a4b", "#c0562b", "#4a6fa5"


def draw(figures: Iterable[Figure], path: Path) -> None:
    """Write the plot."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "smtpmock"
    from matplotlib import pyplot

    shown = [figure for figure in figures if figure.unit == "x" and figure.value is not None][::-1]
    chart, axes = pyplot.subplots(figsize=(10, 0.5 * len(shown) + 1.2))
    places = range(len(shown))
    values = [figure.value or 0.0 for figure in shown]
    colours = [{True: _MET, False: _MISSED, None: _PLAIN}[figure.is_met] for figure in shown]
    axes.barh(places, values, color=colours, height=0.6)
    for place, figure in zip(places, shown, strict=True):
        if figure.target is not None:
            axes.plot([figure.target] * 2, [place - 0.4, place + 0.4], color="black", linewidth=2)
        axes.annotate(f" {figure.value:.2f}x", (max(figure.value or 0, figure.target or 0), place), va="center")
    axes.set_yticks(places, [f"{figure.what}\nagainst {figure.against}" for figure in shown], fontsize=8)
    axes.axvline(1, color="grey", linewidth=0.8, linestyle=":")
    axes.set_xlim(0, max([*values, 1.0]) * 1.12)
    axes.set_xlabel("ratio; the black line is the target")
    axes.spines[["top", "right"]].set_visible(False)
    chart.tight_layout()
    chart.savefig(path, metadata={"Date": None})
