"""Draws how the cost of each operation grows with the number of records, as SVG: both axes logarithmic."""
import math
from html import escape

WIDTH, HEIGHT = 1000, 620
LEFT, RIGHT, TOP, BOTTOM = 84, 270, 76, 64
LABEL_HEIGHT = 18
# With a background of its own, so that it is readable on any page.
GROUND, BORDER, GRID, INK, FAINT = "#ffffff", "#d0d7de", "#e6e9ed", "#1f2328", "#59636e"
LINES = {
    "open.warm": ("open", "#57606a"),
    "insert": ("durable insert", "#b35900"),
    "ingest": ("durable insert in batches", "#d4a72c"),
    "page.by-client": ("20 in the order of client_id", "#8250df"),
    "page.by-key": ("20 in the order of key", "#bf3989"),
    "page.client": ("newest 20 of a client", "#0969da"),
    "page": ("newest 20", "#54aeff"),
    "skip": ("20 far down", "#0e7490"),
    "count.both": ("count by two fields", "#cf222e"),
    "count.client": ("count by one field", "#ff8182"),
    "count": ("count all", "#6e3630"),
    "get": ("get by id", "#1a7f37"),
    "get.recent": ("get by id, recent", "#4ac26b"),
}


class Scale:
    """Maps powers of ten to a stretch of the drawing."""

    def __init__(self, values, start, end, slack=0.0):
        self.low = math.floor(math.log10(min(values)) + 1e-9) if not slack else math.log10(min(values)) - slack
        self.high = math.ceil(math.log10(max(values)) - 1e-9) if not slack else math.log10(max(values)) + slack
        self.start, self.end = start, end

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * share, 1)

    def decades(self):
        return [10.0**power for power in range(math.ceil(self.low), math.floor(self.high) + 1)]


def growth_chart(grown):
    """`grown` has the sizes, and for each operation its cost at each size and the exponent."""
    lines = {name: grown["costs_ns"][name] for name in LINES if name in grown["costs_ns"]}
    sizes = grown["sizes"]
    x = Scale(sizes, LEFT, WIDTH - RIGHT, slack=0.06)
    y = Scale([cost for costs in lines.values() for cost in costs], HEIGHT - BOTTOM, TOP)
    parts = [*frame(), *axes(x, y)]
    labels = placed({name: y(costs[-1]) for name, costs in lines.items()})
    for name, costs in lines.items():
        title, colour = LINES[name]
        points = [(x(size), y(cost)) for size, cost in zip(sizes, costs)]
        end, label = points[-1], labels[name]
        path = " ".join(f"{left},{top}" for left, top in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{left}" cy="{top}" r="3.5" fill="{colour}"/>' for left, top in points]
        parts.append(
            f'<path d="M{end[0] + 6},{end[1]} L{end[0] + 26},{label}" stroke="{colour}" stroke-opacity="0.5"/>'
        )
        exponent = f"{grown['exponents'][name]:+.2f}".replace("-", "−")
        parts.append(
            f'<text x="{end[0] + 30}" y="{label + 4}"><tspan fill="{colour}" font-weight="600">{escape(title)}</tspan>'
            f'<tspan fill="{FAINT}" dx="6">n<tspan dy="-4" font-size="10">{exponent}</tspan></tspan></text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def frame():
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="Cost of each operation by the number of records" '
        f'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="13">',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8" fill="{GROUND}" stroke="{BORDER}"/>',
        f'<text x="24" y="32" font-size="17" font-weight="600" fill="{INK}">What it costs as history grows</text>',
        f'<text x="24" y="54" fill="{FAINT}">Time of one operation against records stored; a flat line costs the same '
        "at any size. Each has its growth next to it.</text>",
    ]


def axes(x, y):
    parts = []
    for cost in y.decades():
        top = y(cost)
        parts.append(f'<path d="M{LEFT},{top} H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{top + 4}" text-anchor="end" fill="{FAINT}">{time_text(cost)}</text>')
    for size in x.decades():
        left = x(size)
        parts.append(f'<path d="M{left},{TOP} V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        parts.append(
            f'<text x="{left}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle" fill="{FAINT}">{size_text(size)}</text>'
        )
    parts.append(f'<path d="M{LEFT},{TOP} V{HEIGHT - BOTTOM} H{WIDTH - RIGHT}" stroke="{BORDER}" fill="none"/>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle" fill="{FAINT}">records</text>')
    return parts


def placed(wanted):
    """Heights for labels, each as near to the wanted one as others allow."""
    order = sorted(wanted, key=wanted.get)
    heights = [wanted[name] for name in order]
    for _ in range(200):
        for above in range(len(heights) - 1):
            overlap = LABEL_HEIGHT - (heights[above + 1] - heights[above])
            if overlap > 0:
                heights[above] -= overlap / 2
                heights[above + 1] += overlap / 2
        heights[-1] = min(heights[-1], HEIGHT - BOTTOM)
        heights[0] = max(heights[0], TOP)
    return {name: round(height, 1) for name, height in zip(order, heights)}


def time_text(nanoseconds):
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= factor:
            return f"{nanoseconds / factor:g} {unit}"
    return f"{nanoseconds:g} ns"


def size_text(size):
    for unit, factor in ((" M", 1e6), (" k", 1e3)):
        if size >= factor:
            return f"{size / factor:g}{unit}"
    return f"{size:g}"
