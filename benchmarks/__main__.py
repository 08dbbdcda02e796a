"""The command: measures, prints the table, and writes it for machines and as a plot where asked to."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import (
    beside_events,
    beside_page,
    commits,
    lifecycle,
    mails,
    memory,
    over_http,
    plot,
    remote,
    results,
    scale,
    spawn,
    stores,
    throughput,
    waits,
)
from benchmarks.load import Generator
from benchmarks.plan import Plan

_KINDS = {
    "throughput": throughput.measure,
    "lifecycle": lifecycle.measure,
    "memory": memory.measure,
    "mails": mails.measure,
    "waits": waits.measure,
    "spawn": spawn.measure,
    "http": over_http.measure,
    "remote": remote.measure,
    "events": beside_events.measure,
    "page": beside_page.measure,
    "stores": stores.measure,
    "scale": scale.measure,
}
_USUAL = [name for name in _KINDS if name not in ("scale", "mails", "page", "stores")]
_LOADS = {"auto": None, "own": True, "smtp-source": False}


def main() -> int:
    """Measure what is asked for."""
    options = _parser().parse_args()
    generator = Generator(_LOADS[options.load])
    rounds = options.rounds or (1 if options.quick else 5)
    plan = Plan(generator, rounds, 0.01 if options.quick else 1.0, progress=sys.stderr.isatty() or options.progress)
    figures = []
    if options.commits:
        figures += commits.measure(plan, *options.commits)
    else:
        for name in options.kinds or _USUAL:
            figures += _KINDS[name](plan)
    if options.quick:
        for figure in figures:
            figure.target = None  # so little says nothing
    print(results.table(figures))
    where = results.machine()
    print("\n" + ", ".join(f"{name} {value}" for name, value in where.items()))
    print(f"load: {generator.name}; {rounds} rounds, medians of the ratios of each round")
    if options.json:
        options.json.write_text(results.to_json(figures, generator=generator.name, rounds=rounds), encoding="utf-8")
    if options.plot:
        plot.draw(figures, options.plot)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures smtpmock next to its peers.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"what to measure: {', '.join(_KINDS)}", type=_kind)
    parser.add_argument("--quick", action="store_true", help="only see whether everything works; seconds")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each is measured (default: 5)")
    parser.add_argument("--load", choices=_LOADS, default="auto", help="what delivers (default: smtp-source if there)")
    parser.add_argument("--commits", nargs=2, metavar=("OLD", "NEW"), help="two commits instead ('.': the files here)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for machines")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a plot (SVG)")
    parser.add_argument("--progress", action="store_true", help="show the bar even where there is no terminal")
    return parser


def _kind(name: str) -> str:
    if name not in _KINDS:
        raise argparse.ArgumentTypeError(f"{name} is not one of {', '.join(_KINDS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
