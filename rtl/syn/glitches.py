"""Transitions of a netlist with the delays of its cells: glitches included.

A zero-delay simulation (activity.py) knows what every net is at the end of each cycle. So all cycles can run at
once: each starts with the nets as the cycle before left them and takes the new inputs and register outputs. A net is
one Python integer with a bit for each cycle of each simulation lane. At the end every net must be what the zero-delay
simulation says, or it is an error.

Delays are OpenSTA's (write_sdf), one for each cell: the mean over its arcs, rise and fall, in ticks of TICK_PS. They are
inertial: what a cell would take back before it comes out does not come out, as in Verilog.
"""

import heapq
import re

from liberty import FLIP_FLOP, cells

TICK_PS = 20


class GlitchError(Exception):
    """What went wrong, for a person."""


def read_delays(sdf, tick_ps=TICK_PS):
    """{cell: ticks, at least 1} from the text of an SDF file in ns."""
    delays = {}
    for instance, body in re.findall(r"\(INSTANCE (\S+)\)(.*?)(?=\(CELLTYPE|\Z)", sdf, re.S):
        arcs = [float(value) for arc in re.findall(r"\(IOPATH [^\n]*", body) for value in re.findall(r"::([\d.]+)\)", arc)]
        if arcs:
            delays[instance] = max(1, round(sum(arcs) / len(arcs) * 1000 / tick_ps))
    return delays


class TimedNetlist:
    """For each output of a combinational cell: its function, its delay, and who reads it."""

    def __init__(self, netlist, delays):
        self.netlist = netlist
        self.readers = {}  # net -> outputs that depend on it
        self.gates = {}  # net -> (function of all nets, ticks)
        texts = []
        for name, cell in netlist.cells.items():
            if cell["type"] == FLIP_FLOP:
                continue
            for pin, net in netlist.outputs_of(cell):
                place = netlist.index[net]
                texts.append((place, netlist.function_text(cell, pin), delays[name]))
                for bits in (bits for other, bits in cell["connections"].items() if other not in cells()[cell["type"]]["outputs"]):
                    if isinstance(bits[0], int):
                        self.readers.setdefault(netlist.index[bits[0]], set()).add(place)
        functions = eval("[" + ",".join(f"lambda v, M: ({text}) & M" for _, text, _ in texts) + "]")
        for (place, _, ticks), function in zip(texts, functions):
            self.gates[place] = (function, ticks)
        self.starts = {}  # net that changes by itself -> when: inputs at 0, registers after their own delay
        for bits in (bits for port, bits in netlist.ports.items() if netlist.directions[port] == "input"):
            self.starts.update({netlist.index[bit]: 0 for bit in bits if isinstance(bit, int)})
        for name, cell in netlist.cells.items():
            if cell["type"] == FLIP_FLOP:
                self.starts[netlist.index[cell["connections"]["Q"][0]]] = delays[name]


def in_one(words, lanes):
    """Words of `lanes` bits as one integer, the first lowest."""
    size = (lanes + 7) // 8
    assert lanes % 8 == 0
    return int.from_bytes(b"".join(word.to_bytes(size, "little") for word in words), "little")


class Wheel:
    """What is due: for each net its transitions to come, by time."""

    def __init__(self):
        self.times, self.nets, self.pending = [], {}, {}

    def put(self, net, time, value):
        waiting = self.pending.setdefault(net, {})
        waiting[time] = value
        at = self.nets.get(time)
        if at is None:
            self.nets[time] = at = set()
            heapq.heappush(self.times, time)
        at.add(net)

    def keep_only(self, net, now, lanes):
        """Takes back the transitions to come in all lanes but these."""
        waiting = self.pending.get(net)
        if waiting:
            for time, value in waiting.items():
                waiting[time] = now ^ ((value ^ now) & lanes)

    def take(self):
        """(time, [(net, value)]) of the next time."""
        time = heapq.heappop(self.times)
        return time, [(net, self.pending[net].pop(time)) for net in self.nets.pop(time)]


def transitions(timed, history, lanes, inertial=True):
    """[transitions of each net], summed over lanes and all cycles of `history` but the first."""
    before = [in_one(words, lanes) for words in zip(*history[:-1])]
    after = [in_one(words, lanes) for words in zip(*history[1:])]
    mask = (1 << lanes * (len(history) - 1)) - 1
    now, counts, wheel = before, [0] * len(before), Wheel()
    for net, time in timed.starts.items():
        if now[net] != after[net]:
            wheel.put(net, time, after[net])
    while wheel.times:
        time, due = wheel.take()
        touched = set()
        for net, value in due:
            if value != now[net]:
                counts[net] += (value ^ now[net]).bit_count()
                now[net] = value
                touched |= timed.readers.get(net, set())
        for net in touched:
            function, ticks = timed.gates[net]
            value = function(now, mask)
            if inertial:
                wheel.keep_only(net, now[net], value ^ now[net])
            wheel.put(net, time + ticks, value)
    wrong = [net for net in timed.gates if now[net] != after[net]]
    if wrong:
        raise GlitchError(f"{len(wrong)} of {len(timed.gates)} nets did not settle where the zero-delay simulation says")
    return counts
