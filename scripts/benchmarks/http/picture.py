"""A picture of latency by load, as SVG: a few lines of text, for which a plotting library would be much to install."""

from collections.abc import Mapping
from math import ceil, floor, log2, log10
from xml.sax.saxutils import escape

from scripts.benchmarks.http.wrk import Load

_WIDTH, _HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 50, 60
_COLOURS = ("#888888", "#1f6feb", "#d97706", "#15803d")


def picture(by_load: Mapping[str, Mapping[int, Load]]) -> str:
    """Return latency in milliseconds by requests at once, both on logarithmic axes: p50 dashed, p99 not."""
    connections = sorted({number for loads in by_load.values() for number in loads})
    times = [time for loads in by_load.values() for load in loads.values() for time in (load.p50_ms, load.p99_ms)]
    axes = _Axes(connections, times)
    lines = [
        _Line(axes, f"{name}, {which}", loads, which, colour)
        for (name, loads), colour in zip(by_load.items(), _COLOURS, strict=False)
        for which in ("p50", "p99")
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
            _label(_LEFT, 25, "Latency of a listing by requests at once, on one processor", size=16),
            _label(_LEFT, _HEIGHT - 15, "requests at once; milliseconds upwards; p99 drawn through, p50 dashed"),
            *axes.drawn(),
            *(line.drawn() for line in lines),
            *_names(lines),
            "</svg>\n",
        ]
    )


class _Axes:
    """Where a number of connections and a time lie."""

    def __init__(self, connections: list[int], times: list[float]) -> None:
        self._connections = connections
        self._bottom, self._top = floor(log10(max(min(times), 0.001))), ceil(log10(max(*times, 0.001)))
        self._top = max(self._top, self._bottom + 1)

    def x(self, connections: int) -> float:
        first, last = log2(self._connections[0]), log2(self._connections[-1])
        return _LEFT + (log2(connections) - first) / ((last - first) or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, ms: float) -> float:
        share = (log10(max(ms, 0.001)) - self._bottom) / (self._top - self._bottom)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def drawn(self) -> list[str]:
        """Return the lines behind, with their numbers."""
        drawn = []
        for connections in self._connections:
            x = self.x(connections)
            drawn.append(_rule(x, _TOP, x, _HEIGHT - _BOTTOM))
            drawn.append(_label(x, _HEIGHT - _BOTTOM + 18, str(connections), anchor="middle"))
        for power in range(self._bottom, self._top + 1):
            y = self.y(10.0**power)
            drawn.append(_rule(_LEFT, y, _WIDTH - _RIGHT, y))
            drawn.append(_label(_LEFT - 8, y + 4, f"{10.0**power:g} ms", anchor="end"))
        return drawn


class _Line:
    """One percentile of one server."""

    def __init__(self, axes: _Axes, name: str, loads: Mapping[int, Load], which: str, colour: str) -> None:
        self.name = name
        self.colour = colour
        self._points = [
            (axes.x(number), axes.y(getattr(load, f"{which}_ms"))) for number, load in sorted(loads.items())
        ]
        self._dashes = ' stroke-dasharray="5 4"' if which == "p50" else ""

    @property
    def end(self) -> tuple[float, float]:
        """Where it ends."""
        return self._points[-1]

    def drawn(self) -> str:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in self._points)
        return f'<polyline points="{path}" fill="none" stroke="{self.colour}" stroke-width="2"{self._dashes}/>'


def _names(lines: list[_Line]) -> list[str]:
    """Write the lines' names at their ends, one below the other where they end close together."""
    drawn, lowest = [], 0.0
    for line in sorted(lines, key=lambda line: line.end[1]):
        x, y = line.end
        lowest = max(y + 4, lowest + 15)
        drawn.append(_label(x + 8, lowest, line.name, colour=line.colour))
    return drawn


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _label(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start", colour: str = "#222222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
