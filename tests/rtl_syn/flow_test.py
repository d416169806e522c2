"""rtl/syn/flow.py gives the rows of costs.csv again; an edited or stale table is found.

usage: flow_test.py ROOT POSITTUNE BUILD [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, POSITTUNE, BUILD = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
SYN = ROOT / "rtl" / "syn"
sys.path.insert(0, str(SYN))
import designs  # noqa: E402
import glitches  # noqa: E402
import liberty  # noqa: E402
import multi_table  # noqa: E402
import page  # noqa: E402
import rounding  # noqa: E402
import synth  # noqa: E402
import table  # noqa: E402
from activity import Netlist, Simulation  # noqa: E402


def flow(*arguments, script=SYN / "flow.py", env=None):
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, env=env)


class RowsTest(unittest.TestCase):
    def test_small_designs_again(self):
        """From nothing, exactly: synthesis and simulation have no chance in them."""
        with tempfile.TemporaryDirectory() as build:
            done = flow(
                "--only",
                "posit4e1-posit4e1-quire-p0",
                "--only",
                "int4-int4-int-p1",
                "--only",
                "fp4_e2m1-fp4_e2m1-fp32-p0",
                "--compare",
                "--posittune",
                POSITTUNE,
                "--build",
                build,
            )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_every_design_has_its_row(self):
        rows = table.rows_as_dicts()
        self.assertEqual(
            [
                (r["unit"], r["weight_format"], r["activation_format"], r["accumulator"], int(r["pipeline"]))
                for r in rows
            ],
            [(d.unit, d.weight, d.activation, d.accumulator, d.pipeline) for d in designs.all_designs()],
        )


class HashTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        for part in ("rtl/src", "rtl/syn"):
            shutil.copytree(ROOT / part, self.root / part)
        self.script = self.root / "rtl/syn/flow.py"

    def refused(self):
        done = flow("--check", script=self.script)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("costs.csv", done.stderr)
        return done.stderr

    def test_the_table_of_the_repository(self):
        self.assertEqual(flow("--check").returncode, 0, flow("--check").stderr)

    def test_an_edited_row(self):
        path = self.root / "rtl/syn/costs.csv"
        path.write_text(re.sub(r"(int8,int8,int,0,)\d", r"\g<1>1", path.read_text(), count=1))
        self.assertIn("edited", self.refused())

    def test_a_changed_unit(self):
        path = self.root / "rtl/src/int_mac.sv"
        path.write_text(path.read_text() + "// more\n")
        self.assertIn("stale: sources", self.refused())

    def test_a_changed_flow(self):
        path = self.root / "rtl/syn/map.ys"
        path.write_text(path.read_text().replace("-D 1000", "-D 9000"))
        self.assertIn("stale: sources", self.refused())

    def test_edited_comments_and_missing_hashes(self):
        path = self.root / "rtl/syn/costs.csv"
        text = path.read_text()
        for old, new in ((r"180 nm at", "45 nm at"), (r"# rows sha256: .*\n", ""), (r"# head sha256: .*\n", "")):
            path.write_text(re.sub(old, new, text, count=1))
            self.assertIn("edited", self.refused())

    def test_edited_energies_without_glitches(self):
        path = self.root / "rtl/syn/settled.csv"
        path.write_text(re.sub(r"(int8,int8,int,0,)\d", r"\g<1>1", path.read_text(), count=1))
        done = flow("--check", script=self.script)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("settled.csv", done.stderr)

    def cost(self, *arguments):
        return subprocess.run(
            [POSITTUNE, "cost", "--formats", "int8", *arguments],
            capture_output=True,
            text=True,
            env={"POSITTUNE_RTL": str(self.root / "rtl")},
        )

    def cost_refuses(self, message, *arguments):
        done = self.cost(*arguments)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        for part in (message, "costs.csv", "rtl/syn/flow.py"):
            self.assertIn(part, done.stderr)

    def test_the_executable_refuses_what_was_edited(self):
        path = self.root / "rtl/syn/costs.csv"
        text = path.read_text()
        self.assertEqual(self.cost().returncode, 0, self.cost().stderr)
        for old, new in (
            (r"(int8,int8,int,0,)\d", r"\g<1>1"),
            (r"# rows sha256: .*\n", ""),
            (r"# head sha256: .*\n", ""),
            (r"# MAC units.*\n", ""),
            (r"180 nm at", "45 nm at"),
            (r"energy_pj", "energy"),
        ):
            path.write_text(re.sub(old, new, text, count=1))
            self.cost_refuses("edited by hand")
            self.cost_refuses("edited by hand", "--table", path)  # under any name
        path.write_text("".join(line + "\n" for line in text.splitlines() if not line.startswith("#")))
        self.cost_refuses("edited by hand")
        copy = self.root / "mine.csv"  # without the first line and the hashes: a table of one's own
        copy.write_text(path.read_text())
        self.assertEqual(self.cost("--table", copy).returncode, 0)

    def test_the_executable_refuses_a_stale_table(self):
        path = self.root / "rtl/src/int_multiply.sv"
        path.write_text(path.read_text() + "// more\n")
        self.cost_refuses("stale")
        self.assertEqual(self.cost("--table", "placeholder").returncode, 0)

    def test_the_figures_of_the_multi_precision_unit(self):
        rows = multi_table.read()
        self.assertEqual({row["mode"] for row in rows}, {0, 1, 2})
        path = self.root / "multi.csv"
        path.write_text(multi_table.PATH.read_text().replace(f"{rows[0]['area_um2']:.0f}", "1"))
        with self.assertRaisesRegex(table.TableError, "rows were edited"):
            multi_table.read(path)

    def test_the_figures_of_rounding(self):
        rows = rounding.read()
        self.assertIn(("posit<16,1>", "fixed48"), rows)
        self.assertEqual(len(rows), sum(d.unit == "posit_mac" and d.pipeline == 0 for d in designs.all_designs()))

    def test_the_pages_show_the_tables(self):
        for name, with_marked in (("hardware.md", page.with_tables), ("development/goals.md", page.with_goals)):
            text = (ROOT / "docs" / name).read_text()
            self.assertEqual(with_marked(text, page.load()), text, "do: rtl/syn/page.py --write")

    def test_missing_tools_name_their_package(self):
        done = flow("--only", "int4", env={**os.environ, "PATH": self.folder.name})
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install yosys", done.stderr)


class SimulatorTest(unittest.TestCase):
    """Energies: what OpenSTA says of switching, against capacitances and toggles by hand."""

    def test_switching_energy_by_hand(self):
        design = next(d for d in designs.all_designs() if d.name == "posit_mac-posit4e1-posit4e1-quire-p0")
        with tempfile.TemporaryDirectory() as build:
            folder = pathlib.Path(build)
            synth.measure(design, str(POSITTUNE), folder)
            report = (folder / "sta.log").read_text().split("activity 1")[1]
            netlist = Netlist(folder / "netlist.json", "mapped")
        told = {
            name: float(value) * synth.CLOCK_NS * 1e3
            for value, name in re.findall(r"^\s*\S+\s+(\S+)\s+\S+\s+\S+\s+(u\d+)\s*$", report, re.M)
        }
        load = {}
        for cell in netlist.cells.values():
            for pin, bits in cell["connections"].items():
                if pin not in liberty.cells()[cell["type"]]["outputs"]:
                    load[bits[0]] = load.get(bits[0], 0) + liberty.cells()[cell["type"]]["capacitance"][pin]
        # Half C V^2 for a transition. OpenSTA takes the mean of rise and fall capacitances, the library's own is the larger: 2 %.
        hand = sum(0.5 * load.get(net, 0) * liberty.VOLTAGE**2 for net in netlist.drivers)
        self.assertAlmostEqual(sum(told.values()) / hand, 1, delta=0.02)

    def test_functions_of_cells(self):
        mask = 0xF
        a, b = 0b0011, 0b0101  # lanes are rows of the truth table
        for cell, expected in {
            "NAND2X1": 0b1110,
            "NOR2X1": 0b1000,
            "XOR2X1": 0b0110,
            "XNOR2X1": 0b1001,
            "AND2X2": 0b0001,
            "OR2X2": 0b0111,
        }.items():
            text = liberty.cells()[cell]["outputs"]["Y"]
            self.assertEqual(eval(text, {"A": a, "B": b}) & mask, expected, cell)
        mux = liberty.cells()["MUX2X1"]["outputs"]["Y"]  # inverting
        self.assertEqual(eval(mux, {"A": a, "B": b, "S": 0b1111}) & mask, ~a & mask)

    def test_toggles_of_a_counter(self):
        """Two flip-flops count: the lower toggles each cycle, the upper every second one."""
        with tempfile.TemporaryDirectory() as build:
            folder = pathlib.Path(build)
            (folder / "c.sv").write_text(
                "module c(input logic clk_i, input logic rst_i, output logic [1:0] q_o);\n"
                "always_ff @(posedge clk_i) q_o <= rst_i ? 2'd0 : q_o + 2'd1;\nendmodule\n"
            )
            script = (
                f"read_verilog -sv c.sv; synth -flatten -top c; dfflibmap -liberty {liberty.PATH}; abc -liberty {liberty.PATH}; "
                "opt_clean -purge; write_json c.json"
            )
            subprocess.run(["yosys", "-q", "-p", script], cwd=folder, check=True, capture_output=True)
            netlist = Netlist(folder / "c.json", "c")
        simulation = Simulation(netlist, 3)
        simulation.cycle({"rst_i": 1}, count=False)
        simulation.cycle({"rst_i": 1}, count=False)
        simulation.cycle({"rst_i": 0}, count=False)
        for _ in range(8):
            simulation.cycle({"rst_i": 0})
        low, high = (simulation.toggles[netlist.index[net]] for net in netlist.ports["q_o"])
        self.assertEqual((low, high), (8 * 3, 4 * 3))
        self.assertEqual(simulation.output("q_o"), [1, 1, 1])


class GlitchTest(unittest.TestCase):
    """x ^ (x through a chain of inverters): a pulse at each change of x, as long as the chain."""

    def pulses(self, chain, slow):
        """Transitions of y in 8 lanes whose x changes once; the XOR takes `slow` ticks, an inverter 1."""
        cells = {"x1": {"type": "XOR2X1", "connections": {"A": [2], "B": [2 + chain], "Y": [99]}}}
        cells |= {f"i{k}": {"type": "INVX1", "connections": {"A": [2 + k], "Y": [3 + k]}} for k in range(chain)}
        ports = {"x": {"bits": [2], "direction": "input"}, "y": {"bits": [99], "direction": "output"}}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.json"
            path.write_text(json.dumps({"modules": {"c": {"ports": ports, "cells": cells}}}))
            netlist = Netlist(path, "c")
        simulation = Simulation(netlist, 8)
        simulation.cycle({"x": 0}, count=False)
        simulation.cycle({"x": 1})
        timed = glitches.TimedNetlist(netlist, {"x1": slow, **{f"i{k}": 1 for k in range(chain)}})
        counts = glitches.transitions(timed, simulation.history, 8)
        self.assertEqual(simulation.toggles[netlist.index[99]], 0)  # settled: nothing happened
        self.assertEqual([counts[netlist.index[3 + k]] for k in range(chain)], [8] * chain)
        return counts[netlist.index[99]] // 8

    def test_a_pulse_comes_out_when_the_cell_is_as_fast(self):
        self.assertEqual(self.pulses(chain=4, slow=4), 2)
        self.assertEqual(self.pulses(chain=4, slow=1), 2)
        self.assertEqual(self.pulses(chain=4, slow=5), 0)

    def test_a_wrong_history_is_found(self):
        with tempfile.TemporaryDirectory() as build:
            design = next(d for d in designs.all_designs() if d.name == "int_mac-int4-int4-int-p0")
            netlist = synth.synthesise(design, pathlib.Path(build))
            simulation = synth.stimulate(netlist, design, str(POSITTUNE))
            synth.report(pathlib.Path(build), design.name)
            delays = glitches.read_delays((pathlib.Path(build) / "delays.sdf").read_text())
        self.assertEqual(set(delays), set(netlist.cells))
        timed = glitches.TimedNetlist(netlist, delays)
        counts = glitches.transitions(timed, simulation.history, simulation.lanes)
        for net in timed.gates:
            self.assertGreaterEqual(counts[net], simulation.toggles[net])
        place = next(iter(timed.gates))
        simulation.history[100][place] ^= 1
        with self.assertRaises(glitches.GlitchError):
            glitches.transitions(timed, simulation.history, simulation.lanes)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
