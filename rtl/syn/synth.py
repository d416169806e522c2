"""Yosys and OpenSTA on one design, and its switching energy: one row of the table."""

import functools
import hashlib
import json
import pathlib
import re
import shutil
import subprocess

import glitches
import liberty
import operands
from activity import Netlist, Simulation

HERE = pathlib.Path(__file__).parent
PACKAGES = {"yosys": "yosys", "sta": "opensta"}
MAP = HERE / "map.ys"  # what every design is made with
INPUT_TRANSITION_NS = 0.1
CLOCK_NS = 20.0  # energies and slacks do not depend on it


class FlowError(Exception):
    """What went wrong, for a person."""


def need_tools():
    for tool, package in PACKAGES.items():
        if shutil.which(tool) is None:
            raise FlowError(f"{tool} is not installed\n  do: apt-get install {package}")
    if not liberty.PATH.is_file():
        raise FlowError(f"no cell library at {liberty.PATH}\n  do: apt-get install {liberty.PACKAGE}, or name its place: --liberty, {liberty.VARIABLE}")


@functools.cache
def versions():
    yosys = subprocess.run(["yosys", "-V"], capture_output=True, text=True, check=True).stdout
    sta = subprocess.run(["sta", "-version"], capture_output=True, text=True, check=True).stdout
    return {"yosys": yosys.split()[1], "opensta": sta.split()[0]}


def run(command, folder, what):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line or "Error" in line]
        raise FlowError(f"{what}: {command[0]} failed\n  " + "\n  ".join(lines[:5] or done.stderr.splitlines()[-5:]))
    return done.stdout


def mapping():
    """The commands of map.ys, for the library in use."""
    lines = MAP.read_text().replace("@LIBERTY@", str(liberty.PATH)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def yosys_script(design):
    sources = " ".join(str(path) for path in design.files)
    # chparam takes no minus.
    sets = "".join(f" -set {name} " + (f"32'sb{value % 2**32:b}" if value < 0 else str(value)) for name, value in design.all_parameters)
    return f"""read_verilog -sv {sources}
{f'chparam{sets} {design.unit}' if sets else ''}
synth -flatten -top {design.unit}
{mapping()}
opt_clean -purge
rename -top mapped
setundef -zero
splitnets
opt_clean -purge
rename -enumerate -pattern u%
write_verilog -noattr -noexpr -nohex netlist.v
write_json netlist.json
"""


def stimulate(netlist, design, executable):
    """All dot products through the netlist, one pair each cycle; checks the sums."""
    weights, inputs = operands.streams(executable, design)
    simulation = Simulation(netlist, operands.LANES)
    idle = {"rst_i": 1, "valid_i": 0, "ready_i": 1, "clear_i": 0, "last_i": 0, "a_i": 0, "b_i": 0}
    for _ in range(2):
        simulation.cycle(idle, count=False)
    for step, (a, b) in enumerate(zip(weights, inputs)):
        simulation.cycle({"rst_i": 0, "valid_i": 1, "ready_i": 1, "clear_i": int(step == 0),
                          "last_i": int(step == operands.STEPS - 1), "a_i": a, "b_i": b}, count=step > 0)
    for _ in range(design.pipeline):
        simulation.cycle(dict(idle, rst_i=0), count=False)
    check_sums(simulation, design, executable, weights, inputs)
    return simulation


def check_sums(simulation, design, executable, weights, inputs):
    """An exact accumulator must hold the very sum."""
    if not design.exact:
        return
    a, b = operands.values(executable, design.weight), operands.values(executable, design.activation)
    width = len(simulation.netlist.ports["acc_o"])
    for lane, word in enumerate(simulation.output("acc_o")):
        unit = 2.0**-design.lsb
        expected = sum(int(a[w[lane]] * b[x[lane]] * unit) for w, x in zip(weights, inputs))
        if word != expected % (1 << width):
            raise FlowError(f"{design.name}: the netlist's sum is wrong in lane {lane}\n  expected {expected % (1 << width):x}, found {word:x}")


def sta_script(clocked=True):
    """Delay, and the energies of cells at rest and when switching. Without a clock: of what has no registers."""
    return f"""read_liberty {liberty.PATH}
read_verilog netlist.v
link_design mapped
set inputs {{}}
foreach port [all_inputs] {{ if {{ [get_property $port full_name] ne "clk_i" }} {{ lappend inputs $port }} }}
create_clock -name clk -period {CLOCK_NS} {'[get_ports clk_i]' if clocked else ''}
set_input_delay 0 -clock clk $inputs
set_output_delay 0 -clock clk [all_outputs]
set_input_transition {INPUT_TRANSITION_NS} [all_inputs]
report_checks -path_delay max -digits 4
foreach activity {{0 1}} {{
  set_power_activity -global -activity $activity -duty 0.5
  puts "activity $activity"
  report_power -instances [get_cells *] -digits 6
}}
write_sdf -digits 4 -no_timestamp -no_version delays.sdf
"""


def read_powers(text):
    """{cell: (internal + switching, leakage)} in W, from the lines of one report."""
    rows = re.findall(r"^\s*(\S+)\s+(\S+)\s+(\S+)\s+\S+\s+(u\d+)\s*$", text, re.M)
    return {name: (float(internal) + float(switching), float(leakage)) for internal, switching, leakage, name in rows}


def energy_pj(netlist, transitions, cycles, quiet, busy):
    """pJ a cycle. A cell takes `quiet` at rest (flip-flops: the clock) and `busy` with a transition each cycle.

    OpenSTA knows slews, loads and the library's tables, so it says what a transition of each cell costs; how many
    there are in `cycles` comes from a simulation. (OpenSTA 2.0.17 propagates activities of its own over those given for
    pins: with them a posit<8,1> MAC came out at 1.7 times its switching energy.) What drives the inputs is not counted.
    """
    total = 0.0
    for net, (cell, _) in netlist.drivers.items():
        total += quiet[cell][0] + transitions[netlist.index[net]] / cycles * (busy[cell][0] - quiet[cell][0])
    return total * CLOCK_NS * 1e3


def energies_pj(netlist, simulation, report, sdf):
    """(with glitches, without) pJ a cycle, from what sta_script() reported and wrote."""
    quiet, busy = (read_powers(part) for part in (report.split("activity ") + ["", ""])[1:3])
    if len(busy) != len(netlist.cells) or "Error" in report:
        raise FlowError("OpenSTA gave no power")
    cycles = simulation.cycles * simulation.lanes
    timed = glitches.TimedNetlist(netlist, glitches.read_delays(sdf))
    all_transitions = glitches.transitions(timed, simulation.history, simulation.lanes)
    return tuple(energy_pj(netlist, transitions, cycles, quiet, busy) for transitions in (all_transitions, simulation.toggles))


def read_delay(report):
    slack = re.search(r"^\s*(-?[\d.]+)\s+slack", report, re.M)
    if not slack:
        raise FlowError("OpenSTA gave no timing")
    return CLOCK_NS - float(slack.group(1))


def synthesise(design, folder):
    """`folder` keeps script, log and netlist."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "synth.ys").write_text(yosys_script(design))
    (folder / "synth.log").write_text(run(["yosys", "synth.ys"], folder, design.name))
    return Netlist(folder / "netlist.json", "mapped")


def report(folder, what, clocked=True):
    """What OpenSTA says of the netlist there; writes delays.sdf."""
    (folder / "sta.tcl").write_text(sta_script(clocked))
    text = run(["sta", "-exit", "sta.tcl"], folder, what)
    (folder / "sta.log").write_text(text)
    return text


def area_of(netlist):
    return sum(liberty.cells()[cell["type"]]["area"] for cell in netlist.cells.values())


def measure(design, executable, folder):
    """A dictionary of the row's numbers. `folder` keeps netlist, scripts and reports."""
    netlist = synthesise(design, folder)
    simulation = stimulate(netlist, design, executable)
    text = report(folder, design.name)
    try:
        energy, settled = energies_pj(netlist, simulation, text, (folder / "delays.sdf").read_text())
        delay = read_delay(text)
    except (FlowError, glitches.GlitchError) as error:
        raise FlowError(f"{design.name}: {error}\n  see {folder / 'sta.log'}") from error
    leakage = sum(leak for _, leak in read_powers(text.split("activity ")[1]).values()) * 1e9
    area = area_of(netlist)
    return {"area_um2": area, "nand2_eq": area / liberty.cells()["NAND2X1"]["area"], "delay_ns": delay, "energy_pj": energy,
            "settled_pj": settled, "leakage_nw": leakage}


def cached(design, executable, folder):
    """measure(), or what it gave for the same sources, script, operands and tools. (row, whether it was run)"""
    record, wanted = folder / "row.json", key(design, executable)
    if record.is_file():
        known = json.loads(record.read_text())
        if known["key"] == wanted:
            return known["row"], False
    row = measure(design, executable, folder)
    record.write_text(json.dumps({"key": wanted, "row": row}))
    return row, True


def key(design, executable):
    """What the row depends on."""
    parts = [yosys_script(design), sta_script(), liberty.digest(), json.dumps(versions()), repr(design)]
    parts += [str(operands.encode(executable, name, which)) for which, name in enumerate((design.weight, design.activation))]
    parts += [path.read_text() for path in design.files]
    parts += [(HERE / name).read_text() for name in ("synth.py", "activity.py", "glitches.py", "liberty.py")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
