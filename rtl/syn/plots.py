"""A line plot as SVG: series over whole numbers, and levels to compare with."""

COLOURS = ("#1f5fa8", "#c8502d", "#3b8a3e")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 360, 56, 96, 40, 44


def ticks(top):
    """About five round steps from 0 to `top` or more."""
    step = 1
    while top / step > 6:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return [step * i for i in range(int(-(-top // step)) + 1)]


def apart(places, least=13):
    """Heights of labels, near `places` and not over each other."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    heights = [places[i] for i in order]
    for _ in range(20):
        for i in range(1, len(heights)):
            short = least - (heights[i] - heights[i - 1])
            if short > 0:
                heights[i - 1] -= short / 2
                heights[i] += short / 2
    return [height for _, height in sorted(zip(order, heights))]


def svg(title, x_label, series, levels):
    """series: [(name, [(x, y)])]; levels: [(name, y)], dashed."""
    xs = sorted({x for _, points in series for x, _ in points})
    marks = ticks(max([y for _, points in series for _, y in points] + [y for _, y in levels]))
    place_x = lambda x: LEFT + (x - xs[0]) / (xs[-1] - xs[0]) * (WIDTH - LEFT - RIGHT)
    place_y = lambda y: HEIGHT - BOTTOM - y / marks[-1] * (HEIGHT - TOP - BOTTOM)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', f'<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>']
    for y in marks:
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place_y(y):.1f}" y2="{place_y(y):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{place_y(y) + 4:.1f}" text-anchor="end">{y}</text>')
    for x in xs:
        parts.append(f'<text x="{place_x(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>')
    for (name, y), height in zip(levels, apart([place_y(y) for _, y in levels])):
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place_y(y):.1f}" y2="{place_y(y):.1f}" stroke="#555" stroke-dasharray="5 4"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 52}" y="{height + 4:.1f}" fill="#555">{escape(name)}</text>')
    heights = apart([place_y(points[-1][1]) for _, points in series])
    for (name, points), colour, height in zip(series, COLOURS, heights):
        line = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="{WIDTH - RIGHT + 6}" y="{height + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
