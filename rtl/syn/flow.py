#!/usr/bin/env python3
"""Area, delay, energy and leakage of every MAC unit: writes costs.csv, and settled.csv with energies without glitches.

    rtl/syn/flow.py                     all designs; what did not change is not run again
    rtl/syn/flow.py --list              their names
    rtl/syn/flow.py --only int8         those whose name has this in it, printed beside the table's rows
    rtl/syn/flow.py --only int8 --compare   and an error when a row differs
    rtl/syn/flow.py --check             is the table what the flow wrote, from these sources?

Needs yosys, opensta and qflow-tech-osu018, and the project's executable, which encodes the operands.
"""

import argparse
import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import designs  # noqa: E402
import liberty  # noqa: E402
import synth  # noqa: E402
import table  # noqa: E402

ROOT = designs.ROOT


def find_executable(given):
    places = [pathlib.Path(given)] if given else [ROOT / "build" / kind / "posittune" for kind in ("release", "dev")]
    for place in places:
        if place.is_file():
            return str(place.resolve())
    raise synth.FlowError("no posittune executable at " + ", ".join(map(str, places)) + "\n  do: cmake --build --preset release, or give --posittune")


def lines_of(job):
    design, executable, build = job
    row, fresh = synth.cached(design, executable, pathlib.Path(build) / design.name)
    return design.name, table.row_texts(design, row), fresh


def run_all(chosen, executable, build, processes):
    """{name of a design: its lines in costs.csv and in settled.csv}; progress on stderr."""
    jobs = [(design, executable, str(build)) for design in chosen]
    lines = {}
    with concurrent.futures.ProcessPoolExecutor(processes) as pool:
        for name, both, fresh in pool.map(lines_of, jobs):
            lines[name] = both
            if fresh:
                print(f"[{len(lines)}/{len(jobs)}] {both[0]}", file=sys.stderr, flush=True)
    return lines


def compare(lines, strict):
    """Prints rows that were just made; with `strict` each must be a row of the table."""
    known = set(table.read()[0])
    missing = [line for line, _ in lines.values() if line not in known]
    for line, _ in lines.values():
        print(line + ("" if line in known else "   <- not in the table"))
    if strict and missing:
        raise table.TableError(f"{table.PATH}: {len(missing)} of {len(lines)} rows are not what the flow gives now")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="TEXT", help="designs with TEXT in their name; may be repeated")
    parser.add_argument("--compare", action="store_true", help="with --only: fail when a row is not in the table")
    parser.add_argument("--check", action="store_true", help="check the table's hashes and run nothing")
    parser.add_argument("--list", action="store_true", help="names of designs")
    parser.add_argument("--posittune", metavar="FILE", help="the executable (default: that of build/release or build/dev)")
    parser.add_argument("--build", metavar="DIR", default=ROOT / "build" / "syn", help="netlists, logs and cached rows (default: build/syn)")
    parser.add_argument("-j", "--processes", type=int, default=2, metavar="N")
    parser.add_argument("--liberty", metavar="FILE", help="the cell library (default: POSITTUNE_LIBERTY, or where Debian's package has it)")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if options.liberty:
        liberty.PATH = pathlib.Path(options.liberty).resolve()
    everything = designs.all_designs()
    if options.check:
        table.check_all()
        print("the table is what rtl/syn/flow.py wrote, from these sources")
        return
    chosen = [d for d in everything if not options.only or any(text in d.name for text in options.only)]
    if options.list:
        print("\n".join(design.name for design in chosen))
        return
    if not chosen:
        raise synth.FlowError(f"no design has {' or '.join(options.only)} in its name\n  do: rtl/syn/flow.py --list")
    synth.need_tools()
    lines = run_all(chosen, find_executable(options.posittune), options.build, options.processes)
    if options.only:
        compare(lines, options.compare)
    else:
        costs, settled = zip(*(lines[design.name] for design in everything))
        table.PATH.write_text(table.costs_text(list(costs), synth.versions()))
        table.SETTLED_PATH.write_text(table.settled_text(list(settled)))
        print(f"{len(lines)} rows in {table.PATH.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (synth.FlowError, table.TableError) as error:
        sys.exit(f"error: {error}")
