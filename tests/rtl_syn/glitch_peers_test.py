"""rtl/syn/glitches.py against Icarus Verilog: the same netlists and delays, transitions counted by both.

usage: glitch_peers_test.py ROOT POSITTUNE. Skipped (77) without iverilog (apt-get install iverilog).
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, POSITTUNE = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
sys.path.insert(0, str(ROOT / "rtl" / "syn"))
import designs  # noqa: E402
import glitches  # noqa: E402
import synth  # noqa: E402

NAMES = ("int_mac-int4-int4-int-p0", "posit_mac-posit4e1-posit4e1-quire-p0", "int_mac-int8-int8-int-p1")
LANES = range(0, 64, 8)
LONG = 20000  # ticks until all is quiet


def verilog(netlist, timed, cycles):
    """Inputs and registers change as `mem.txt` says, one cycle after the other; delays are those of continuous assignments."""
    sources = sorted(timed.starts)
    lines = [
        "module t; integer count = 0, i; reg counts;",
        f"reg [{len(sources) - 1}:0] memory[0:{cycles * len(LANES) - 1}], word;",
    ]
    for bit, net in enumerate(sources):
        lines.append(f"reg n{net}; always @(word[{bit}]) n{net} <= #{timed.starts[net]} word[{bit}];")
    lines += [f"wire n{net};" for net in set(netlist.index.values()) - set(sources)]
    for cell in netlist.cells.values():
        for pin, net in netlist.outputs_of(cell):
            place = netlist.index[net]
            if place not in timed.gates:
                continue
            text = re.sub(r"v\[(\d+)\]", r"n\1", netlist.function_text(cell, pin)).replace("M", "1'b1")
            text = re.sub(r"(?<![\w'])0(?!\w)", "1'b0", text)
            lines.append(
                f"assign #{timed.gates[place][1]} n{place} = {text}; always @(n{place}) if (counts) count = count + 1;"
            )
    lines += [
        'initial begin $readmemb("mem.txt", memory);',
        f"for (i = 0; i < {cycles * len(LANES)}; i = i + 1) begin",
        f"counts = i % {cycles} != 0; word = memory[i]; #{LONG}; end",
        '$display("%0d", count); $finish; end endmodule',
    ]
    return "\n".join(lines), sources


def compare(name, folder):
    design = next(each for each in designs.all_designs() if each.name == name)
    netlist = synth.synthesise(design, folder)
    history = synth.stimulate(netlist, design, str(POSITTUNE)).history
    synth.report(folder, name)
    timed = glitches.TimedNetlist(netlist, glitches.read_delays((folder / "delays.sdf").read_text()))
    text, sources = verilog(netlist, timed, len(history))
    (folder / "t.v").write_text(text)
    (folder / "mem.txt").write_text(
        "\n".join(
            "".join(str(nets[net] >> lane & 1) for net in reversed(sources)) for lane in LANES for nets in history
        )
    )
    subprocess.run(["iverilog", "-o", "t.vvp", "t.v"], cwd=folder, check=True)
    theirs = int(
        subprocess.run(["vvp", "t.vvp"], cwd=folder, check=True, capture_output=True, text=True).stdout.split()[0]
    )
    few = [[sum((word >> lane & 1) << i for i, lane in enumerate(LANES)) for word in nets] for nets in history]
    counts = glitches.transitions(timed, few, len(LANES))
    return sum(counts[net] for net in timed.gates), theirs


def main():
    if shutil.which("iverilog") is None:
        print("skipped: no iverilog (apt-get install iverilog)")
        sys.exit(77)
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = compare(name, pathlib.Path(folder))
        print(f"{name}: {ours} transitions, Icarus Verilog {theirs}", flush=True)
        # Icarus looks at a cell after each of two inputs that change in one tick; a transition may then come a little later.
        if abs(ours - theirs) > 1e-4 * theirs:
            sys.exit("the counts differ")


main()
