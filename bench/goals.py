"""The goals of the number formats, computed from one Measurement."""

from dataclasses import dataclass

REFERENCE = "posit<8,1>"
LARGE = 32 * 1024 * 1024
FAMILIES = {  # family -> (may be slower than posit<8,1> by, how its names begin)
    "posit": (2, ("posit",)),
    "minifloat": (2, ("fp", "bf")),
    "int": (2, ("int",)),
    "MX": (3, ("mx",)),
}


@dataclass
class Goal:
    what: str
    goal: str
    measured: str
    met: bool | None  # None: this machine cannot tell

    def row(self):
        return f"| {self.what} | {self.measured} |"

    def told(self):
        verdict = {True: "met", False: "missed", None: "not measured"}[self.met]
        return f"goal: {self.what}: {self.goal}, seen {self.measured}: {verdict}"


def at_least(what, value, goal, unit, absent=""):
    if value is None:
        return Goal(what, f"≥ {goal:g}{unit}", absent or "-", None)
    return Goal(what, f"≥ {goal:g}{unit}", f"{value:.2f}{unit}", value >= goal)


def giga(rate):
    return None if rate is None else rate / 1e9


def ratio(a, b):
    return None if a is None or b is None else a / b


def family_of(format_name):
    return next(family for family, (_, starts) in FAMILIES.items() if format_name.startswith(starts))


def slowdowns(m, target, operation="quantize"):
    """Formats by how much slower than posit<8,1> they are, slowest first: [(ratio, format)]."""
    reference = m.rate(f"{operation}/{REFERENCE}", target)
    found = []
    for (name, a_target, threads, size), rate in m.rates.items():
        kind, _, format_name = name.partition("/")
        if (kind, a_target, threads, size) == (operation, target, 1, 262144):
            found.append((reference / rate, format_name))
    return sorted(found, reverse=True)


def family_goals(m, target):
    for family, (limit, _) in FAMILIES.items():
        members = [(r, name) for r, name in slowdowns(m, target) if family_of(name) == family]
        if not members:
            continue
        over = [f"{name} {r:.2f}x" for r, name in members if r > limit]
        worst = f"{members[0][0]:.2f}x ({members[0][1]})"
        if len(over) > 1:
            worst += f"; {len(over)} of {len(members)} above: " + ", ".join(over[:6])
        yield Goal(
            f"slowest {family} of {len(members)}, {target}: time of {REFERENCE} times", f"≤ {limit}x", worst, not over
        )


def goals(m):
    """All goals; those of AVX-512 without a value where the processor lacks it."""
    targets = m.context["targets"].split()
    best = targets[0]
    qdq = f"quantize/{REFERENCE}"
    memcpy = m.rate("memcpy", "libc", size=LARGE)
    lacks = "this processor has no AVX-512"
    rows = [
        at_least(
            f"quantize {REFERENCE}, 256 K in cache, avx512",
            giga(m.rate(qdq, "avx512")),
            3,
            " G/s",
            "" if "avx512" in targets else lacks,
        ),
        at_least(f"quantize {REFERENCE}, 256 K in cache, avx2", giga(m.rate(qdq, "avx2")), 0.8, " G/s"),
        at_least(
            f"quantize {REFERENCE}, 32 M, {best}: rate of memcpy times",
            ratio(m.rate(qdq, best, size=LARGE), memcpy),
            0.6,
            "",
        ),
        *family_goals(m, best),
    ]
    for operation, direction in (("encode", "to"), ("decode", "from")):
        rows.append(
            at_least(
                f"{operation} {REFERENCE} {direction} bytes, {best}",
                giga(m.rate(f"{operation}/{REFERENCE}", best)),
                2,
                " G/s",
            )
        )
    rows.append(
        at_least(
            f"two threads, {REFERENCE} in cache, {best}: rate of one times",
            ratio(m.rate(qdq, best, threads=2), m.rate(qdq, best)),
            1.7,
            "",
            "needs an idle machine" if m.cpu_time else "",
        )
    )
    return rows
