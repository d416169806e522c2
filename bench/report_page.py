#!/usr/bin/env python3
"""How large the report of a run is, and how soon it answers, in a headless Chromium that is started anew for each time.

    python3 bench/report_page.py PAGE... [--times 5]
    python3 bench/report_page.py PAGE --picture docs/report.png     the front of the page

A page answers when its cards and lists work (its own script has run), and is complete when all plots are drawn. Plots are
drawn one by one, and the page answers in between: the longest of these turns is what a click may wait for. The CPU time is that
of the page's main thread: on a busy machine the other times are longer.
"""

import argparse
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "cli"))
import browser  # noqa: E402

MARKS = """(() => {
  const at = name => performance.getEntriesByName(name)[0].startTime;
  return {cards: at("posittune-page"), plotly: at("posittune-plotly"), first: at("posittune-first"),
          complete: at("posittune-drawn"), plots: document.querySelectorAll(".plot").length,
          turn: Math.max(...performance.getEntriesByName("posittune-turn").map(each => each.duration))};
})()"""


def open_once(page: pathlib.Path) -> dict:
    with browser.Browser() as chromium:
        chromium.size(1400)
        chromium.call("Performance.enable", timeDomain="threadTicks")
        chromium.open(page)
        if chromium.problems:
            sys.exit(f"{page}: {chromium.problems}")
        seen = chromium.run(MARKS)
        counters = {each["name"]: each["value"] for each in chromium.call("Performance.getMetrics")["metrics"]}
        return seen | {"cpu": 1000 * counters["TaskDuration"]}


def table(pages: list[pathlib.Path], times: int) -> None:
    print("| page | MB | plots | cards, s | first plot, s | all plots, s | longest turn, s | CPU until then, s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for page in pages:
        seen = [open_once(page) for _ in range(times)]
        cells = [page.parent.name, f"{page.stat().st_size / 1e6:.2f}", str(seen[0]["plots"])]
        for name in ("cards", "first", "complete", "turn", "cpu"):
            values = [each[name] / 1000 for each in seen]
            cells.append(f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
        print("| " + " | ".join(cells) + " |", flush=True)


def take_picture(page: pathlib.Path, path: pathlib.Path) -> None:
    with browser.Browser() as chromium:
        chromium.size(1160)
        chromium.media(prefers_color_scheme="light")
        chromium.open(page)
        end = chromium.run("document.querySelector('.figure').getBoundingClientRect().bottom + window.scrollY")
        chromium.picture(path, {"x": 0, "y": 0, "width": 1160, "height": end + 16})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--picture", type=pathlib.Path)
    arguments = parser.parse_args()
    if not browser.EXECUTABLE:
        sys.exit("no chromium: apt-get install chromium")
    if arguments.picture:
        take_picture(arguments.pages[0], arguments.picture)
    else:
        table(arguments.pages, arguments.times)


if __name__ == "__main__":
    main()
