"""The designs of the table: which unit, with which parameters, for which pair of formats."""

import dataclasses
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "rtl" / "src"
PIPELINES = (0, 1, 2, 3)

# name: EXP, MAN, SUBNORMAL, SPECIALS of float_mac
FLOATS = {
    "fp8_e4m3": (4, 3, 1, 1),
    "fp8_e5m2": (5, 2, 1, 2),
    "fp6_e2m3": (2, 3, 1, 0),
    "fp4_e2m1": (2, 1, 1, 0),
    "bf16": (8, 7, 0, 2),
    "fp16": (5, 10, 1, 2),
    "fp32": (8, 23, 0, 2),
}


@functools.cache
def files_of(unit):
    """The sources that a unit needs: packages first, each module before those that use it."""
    texts = {path.stem: path.read_text() for path in sorted(SOURCES.glob("*.sv"))}
    order = []

    def visit(name):
        body = re.sub(r"//[^\n]*", "", texts[name])
        for other in texts:
            if other != name and other not in order and re.search(rf"\b{other}(::|\s*#\(|\s+u_)", body):
                visit(other)
        order.append(name)

    visit(unit)
    order.sort(key=lambda name: not name.endswith("_pkg"))
    return [SOURCES / f"{name}.sv" for name in order]


@dataclasses.dataclass(frozen=True)
class Design:
    unit: str
    weight: str
    activation: str
    accumulator: str
    pipeline: int
    parameters: tuple  # ((name, value), ...) without PIPELINE
    lsb: int = 0  # accumulator bit 0 weighs 2^lsb, for posits and ints
    exact: bool = False  # the accumulator holds the sum without rounding

    @property
    def name(self):
        """Unique, and a file name."""
        text = f"{self.unit}-{self.weight}-{self.activation}-{self.accumulator}-p{self.pipeline}"
        return text.replace("<", "").replace(">", "").replace(",", "e")

    @property
    def files(self):
        return files_of(self.unit)

    @property
    def all_parameters(self):
        """Units without registers have no PIPELINE, others all."""
        return self.parameters + ((("PIPELINE", self.pipeline),) if self.unit.endswith(("_mac", "_mac_mixed", "_mac_multi")) else ())


def posit(n, es, pipeline):
    return Design("posit_mac", f"posit<{n},{es}>", f"posit<{n},{es}>", "quire", pipeline,
                  (("N", n), ("ES", es)), -2 * (n - 2) * 2**es, True)


def truncated(n, es, lsb, width, pipeline):
    """Bit 0 weighs 2^lsb; products are rounded to it."""
    lowest = -2 * (n - 2) * 2**es
    return Design("posit_mac", f"posit<{n},{es}>", f"posit<{n},{es}>", f"fixed{width}", pipeline,
                  (("N", n), ("ES", es), ("TRUNCATE", lsb - lowest), ("ACC_WIDTH", width)), lsb, False)


def mixed(n, wide, es, pipeline):
    return Design("posit_mac_mixed", f"posit<{n},{es}>", f"posit<{wide},{es}>", "quire", pipeline,
                  (("A_N", n), ("N", wide), ("ES", es)), -2 * (wide - 2) * 2**es, True)


def integer(a, n, pipeline):
    """Weights of `a` bits, activations of `n`."""
    return Design("int_mac", f"int{a}", f"int{n}", "int", pipeline, (("A_N", a), ("N", n), ("ACC_WIDTH", 32)), 0, True)


def floating(name, pipeline):
    keys = ("EXP", "MAN", "SUBNORMAL", "SPECIALS")
    return Design("float_mac", name, name, "fp32", pipeline, tuple(zip(keys, FLOATS[name])))


def all_designs():
    """In the order of the table."""
    makers = [lambda p, n=n, es=es: posit(n, es, p) for n in range(4, 9) for es in range(3)]
    makers += [lambda p, es=es: posit(16, es, p) for es in (1, 2)]
    # Truncated: 24 fraction bits, 22 integer bits, sign and an overflow bit.
    makers += [lambda p: truncated(16, 1, -24, 48, p)]
    makers += [lambda p, n=n: integer(n, n, p) for n in (4, 5, 6, 7, 8, 16)]
    makers += [lambda p, name=name: floating(name, p) for name in FLOATS]
    # Weights narrower than activations.
    makers += [lambda p, n=n, es=es: mixed(n, 8, es, p) for es in (1, 0, 2) for n in (4, 5, 6, 7)]
    makers += [lambda p, n=n: integer(n, 8, p) for n in (4, 5, 6, 7)]
    makers += [lambda p, n=n: integer(n, 16, p) for n in (4, 8)]
    return [make(pipeline) for make in makers for pipeline in PIPELINES]
