"""A mapped netlist under operand streams: a zero-delay simulator.

Each net is one Python integer whose bit i is the net in simulation lane i, so all dot products run at
once. What happens within a cycle is not seen; glitches.py finds it from the history kept here.
"""

import json

from liberty import FLIP_FLOP, cells


class Netlist:
    """A flat netlist as Yosys writes it in JSON, made into two Python functions."""

    def __init__(self, path, top):
        module = json.loads(path.read_text())["modules"][top]
        self.ports = {name: port["bits"] for name, port in module["ports"].items()}
        self.directions = {name: port["direction"] for name, port in module["ports"].items()}
        self.cells = module["cells"]
        self.index = {}  # net -> place in the state
        for bits in list(self.ports.values()) + [b for c in self.cells.values() for b in c["connections"].values()]:
            for bit in bits:
                if isinstance(bit, int):
                    self.index.setdefault(bit, len(self.index))
        self.drivers = {}  # net -> (cell, pin)
        for name, cell in self.cells.items():
            for pin, bits in cell["connections"].items():
                if pin in cells()[cell["type"]]["outputs"] and isinstance(bits[0], int):
                    self.drivers[bits[0]] = (name, pin)
        self._compile()

    def _term(self, bit):
        return {"0": "0", "1": "M", "x": "0"}[bit] if isinstance(bit, str) else f"v[{self.index[bit]}]"

    def outputs_of(self, cell):
        """(pin, net) of each output that drives something."""
        for pin in cells()[cell["type"]]["outputs"]:
            net = cell["connections"].get(pin, ["x"])[0]
            if isinstance(net, int):
                yield pin, net

    def function_text(self, cell, pin):
        """An output as a Python expression of the nets v[i]; may have bits above the mask M."""
        pins = {other: self._term(bits[0]) for other, bits in cell["connections"].items()}
        # Pins have names like A, B, C, S, YC: substituted as whole words.
        words = "".join(f"{{{w}}}" if w in pins else w for w in _words(cells()[cell["type"]]["outputs"][pin]))
        return words.format(**pins)

    def _compile(self):
        """settle(v, M): outputs of combinational cells, in order; flops: [(place of Q, term of D)]"""
        waiting, users, ready, lines = {}, {}, [], []
        flops = [c for c in self.cells.values() if c["type"] == FLIP_FLOP]
        for name, cell in self.cells.items():
            if cell["type"] == FLIP_FLOP:
                continue
            outputs = cells()[cell["type"]]["outputs"]
            needs = {b for pin, bits in cell["connections"].items() if pin not in outputs for b in bits
                     if b in self.drivers and self.cells[self.drivers[b][0]]["type"] != FLIP_FLOP}
            waiting[name] = len(needs)
            for bit in needs:
                users.setdefault(bit, []).append(name)
            if not needs:
                ready.append(name)
        while ready:
            cell = self.cells[ready.pop()]
            for pin, net in self.outputs_of(cell):
                lines.append(f"  v[{self.index[net]}] = ({self.function_text(cell, pin)}) & M")
                for user in users.get(net, ()):
                    waiting[user] -= 1
                    if waiting[user] == 0:
                        ready.append(user)
        if any(waiting.values()):
            raise ValueError("the netlist has a combinational loop")
        scope = {}
        exec("def settle(v, M):\n" + "\n".join(lines or ["  pass"]), scope)
        self.settle = scope["settle"]
        self.flops = [(self.index[c["connections"]["Q"][0]], self._term(c["connections"]["D"][0])) for c in flops]
        exec("def clock(v, M):\n  return [" + ", ".join(d for _, d in self.flops) + "]", scope)
        self.clock = scope["clock"]


def _words(text):
    word = ""
    for c in text:
        if c.isalnum() or c == "_":
            word += c
            continue
        if word:
            yield word
        word = ""
        yield c
    if word:
        yield word


class Simulation:
    """Runs `lanes` copies of a netlist; counts transitions and ones of every net at the end of cycles."""

    def __init__(self, netlist, lanes):
        self.netlist, self.lanes, self.mask = netlist, lanes, (1 << lanes) - 1
        self.values = [0] * len(netlist.index)
        self.toggles = [0] * len(netlist.index)
        self.ones = [0] * len(netlist.index)
        self.cycles = 0
        self.settled = list(self.values)
        self.history = []  # all nets at the end of each counted cycle, and of the one before the first

    def cycle(self, inputs, count=True):
        """Applies {port: [value of each lane] or one value for all}, settles, and ends with the clock edge."""
        v = self.values
        for port, lanes in inputs.items():
            for place, net in enumerate(self.netlist.ports[port]):
                if isinstance(lanes, int):
                    word = self.mask if lanes >> place & 1 else 0
                else:
                    word = sum((value >> place & 1) << lane for lane, value in enumerate(lanes))
                v[self.netlist.index[net]] = word
        self.netlist.settle(v, self.mask)
        settled = list(v)
        if count:
            if not self.history:
                self.history.append(self.settled)
            self.history.append(settled)
            self.cycles += 1
            for i, (a, b) in enumerate(zip(self.settled, settled)):
                self.toggles[i] += (a ^ b).bit_count()
                self.ones[i] += b.bit_count()
        self.settled = settled
        for (place, _), value in zip(self.netlist.flops, self.netlist.clock(v, self.mask)):
            v[place] = value

    def output(self, port):
        """The port in each lane, after the last edge."""
        self.netlist.settle(self.values, self.mask)
        words = [self.values[self.netlist.index[net]] if isinstance(net, int) else (self.mask if net == "1" else 0)
                 for net in self.netlist.ports[port]]
        return [sum((word >> lane & 1) << place for place, word in enumerate(words)) for lane in range(self.lanes)]
