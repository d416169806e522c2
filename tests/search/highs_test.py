#!/usr/bin/env python3
"""Compares our knapsack solver with HiGHS on 1000 random instances of up to 500 groups x 20 options.

    highs_test.py KNAPSACK_DRIVER BUILD_FOLDER           asks HiGHS
    highs_test.py KNAPSACK_DRIVER BUILD_FOLDER --store   and keeps its answers in highs_values.json
    highs_test.py KNAPSACK_DRIVER --stored               compares with the answers that are kept

One to three budgets; real formats (loss falls as 4^-bits, cost is bits times size), independent numbers, small integers
with many ties, infeasible ones. HiGHS runs with a relative gap of 1e-9 on one thread, we without any gap. Exit code 77
when HiGHS cannot be had.
"""

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
CASES = 1000
TOLERANCE = 1e-12  # of a budget, as knapsack.h promises
# Of the loss. HiGHS stops at 1e-9; its rows and integers hold up to 1e-9 too, and the optimum moves by prices times that.
AGREEMENT = 1e-7
STORED = HERE / "highs_values.json"
LONGEST = 10  # seconds of HiGHS for one instance
KINDS = ["formats", "formats", "uniform", "integers"]


def outside(driver, build, *store):
    import environment

    environment.HERE = HERE
    environment.PEERS["highs"] = []
    try:
        found = environment.prepare("highs", build)
    except environment.Unavailable as reason:
        print(f"skip search_highs: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    arguments = [str(found.python), os.path.abspath(__file__), "--inside", driver, *store]
    os.execve(found.python, arguments, found.variables())


def shape(number):
    """Most are small, so that all of them take a minute or two; every 20th is large."""
    if number % 100 == 0:
        return 500, 20
    if number % 20 == 0:
        return 200, 12
    return [(3, 4), (8, 6), (20, 8), (40, 10), (60, 20)][number % 5]


def instance(number):
    import numpy

    random = numpy.random.default_rng(number)
    groups, most = shape(number)
    kind = KINDS[(number // 5 + number // 100) % len(KINDS)]
    budgets = 1 + (number // 20 % 3 if groups <= 60 else number // 400 % 2)
    options = [most if groups > 60 else int(random.integers(1, most + 1)) for _ in range(groups)]
    loss, costs = [], [[] for _ in range(budgets)]
    for count in options:
        if kind == "formats":
            bits = random.integers(3, 17, count)
            loss.append(random.lognormal(0, 2) * 4.0**-bits * random.uniform(0.5, 2, count))
            size, macs = int(random.lognormal(9, 1)), random.lognormal(9, 1)
            costs[0].append((bits * size + 16).astype(float))
            for k in range(1, budgets):
                costs[k].append(macs * bits**1.5 * random.uniform(0.7, 1.3, count))
        else:
            draw = (
                (lambda: random.uniform(0, 1, count))
                if kind == "uniform"
                else (lambda: random.integers(0, 20, count).astype(float))
            )
            loss.append(draw())
            for k in range(budgets):
                costs[k].append(draw())
    part = random.uniform(-0.02, 0.6)
    limits = []
    for k in range(budgets):
        least, largest = sum(c.min() for c in costs[k]), sum(c.max() for c in costs[k])
        # The later budgets where they bind beside the first: between the two least-loss ends.
        share = part if k == 0 else part * random.uniform(0.5, 1.2)
        limits.append(float(least + share * (largest - least)))
    return {
        "kind": kind,
        "loss": [x.tolist() for x in loss],
        "costs": [[x.tolist() for x in c] for c in costs],
        "budgets": limits,
        "gap": 0,
    }


def highs(problem, size):
    """(status, choice, lower bound of the loss); size: about that of the loss"""
    import highspy
    import numpy

    loss = [x for group in problem["loss"] for x in group]
    starts = numpy.cumsum([0] + [len(group) for group in problem["loss"]])
    count, groups, budgets = len(loss), len(problem["loss"]), len(problem["budgets"])
    # Rows are scaled to numbers near one. The loss is scaled to thousands: HiGHS cuts off what is better by less than
    # an absolute 1e-6 or so, and with an optimum near one its own bounds turn out wrong by that.
    loss_scale = size / 1e4 if size > 0 else max(max(loss), 1e-300)
    rows = [numpy.array([x for group in cost for x in group]) for cost in problem["costs"]]
    scales = [max(abs(row).max(), 1e-300) for row in rows]
    matrix = numpy.zeros((budgets + groups, count))
    for k, row in enumerate(rows):
        matrix[k] = row / scales[k]
    for i in range(groups):
        matrix[budgets + i, starts[i] : starts[i + 1]] = 1
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, budgets + groups
    model.col_cost_ = numpy.array(loss) / loss_scale
    model.col_lower_, model.col_upper_ = numpy.zeros(count), numpy.ones(count)
    model.row_lower_ = numpy.array([-highspy.kHighsInf] * budgets + [1.0] * groups)
    model.row_upper_ = numpy.array([b / s for b, s in zip(problem["budgets"], scales)] + [1.0] * groups)
    columns, indices = numpy.nonzero(matrix.T)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = numpy.searchsorted(columns, numpy.arange(count + 1))
    model.a_matrix_.index_ = indices
    model.a_matrix_.value_ = matrix.T[columns, indices]
    model.integrality_ = [highspy.HighsVarType.kInteger] * count
    solver = highspy.Highs()
    for name, value in {
        "output_flag": False,
        "threads": 1,
        "mip_rel_gap": 1e-9,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": 1e-9,
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
        "time_limit": float(LONGEST),
    }.items():
        solver.setOptionValue(name, value)
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return "infeasible", None, math.inf
    values = numpy.array(solver.getSolution().col_value)
    choice = None
    if len(values) == count:
        choice = [int(values[starts[i] : starts[i + 1]].argmax()) for i in range(groups)]
    done = "optimal" if status == highspy.HighsModelStatus.kOptimal else "limit"
    return done, choice, solver.getInfo().mip_dual_bound * loss_scale


def exact_sums(problem, choice):
    """Loss, and whether the budgets are met, in rational numbers."""
    loss = sum(Fraction(group[j]) for group, j in zip(problem["loss"], choice))
    met = all(
        sum(Fraction(group[j]) for group, j in zip(cost, choice))
        <= Fraction(budget) + Fraction(TOLERANCE) * abs(Fraction(budget))
        for cost, budget in zip(problem["costs"], problem["budgets"])
    )
    return float(loss), met


def ask(problem, found, tally):
    """HiGHS' answer: status, loss of its choice, whether that meets the budgets, lower bound of the loss."""
    start = time.monotonic()
    status, choice, lower = highs(problem, found.get("loss", 0))
    tally["highs"] += time.monotonic() - start
    return [status, *(exact_sums(problem, choice) if choice else (math.inf, True)), lower]


def compare(problem, found, tally, answer):
    """None, or what is wrong."""
    status, peer, peer_met, lower = answer
    if status == "infeasible" or "error" in found:
        tally["infeasible"] += 1
        if status == "infeasible" and "no assignment meets" in found.get("error", ""):
            return None
        return f"HiGHS {status}, ours {found}"
    tally["ours"] += found["seconds"]
    tally["slowest"] = max(tally["slowest"], found["seconds"])
    loss, met = exact_sums(problem, found["choice"])
    margin = AGREEMENT * abs(loss)
    if not met:
        return "ours exceeds a budget"
    if not found["proven"]:
        return f"ours is not proven: {found['bound']} .. {loss}"
    if loss < lower - margin:
        return f"ours {loss} is below the bound {lower} of HiGHS"
    if status == "limit":
        tally["limit"] += 1
    if not peer_met:  # rounding its values to integers showed that it had used its tolerance
        tally["tolerance"] += 1
        return None
    if found["bound"] > peer * (1 + 1e-12) or loss > peer * (1 + 1e-12):
        return f"HiGHS has {peer}, ours {loss} with bound {found['bound']}"
    if status == "optimal" and peer > loss:
        tally["below"] += 1
        tally["most below"] = max(tally["most below"], peer / loss - 1)
        if peer > loss + margin:
            return f"HiGHS says {peer}, ours {loss}"
    return None


def digest(problems):
    return hashlib.sha256(json.dumps(problems).encode()).hexdigest()


def inside(driver, mode=""):
    failures, answers, cases = [], [], CASES
    tally = dict.fromkeys(["infeasible", "limit", "tolerance", "below", "most below", "ours", "slowest", "highs"], 0)
    problems = [instance(number) for number in range(cases)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problems"
        file.write_text("".join(json.dumps(problem) + "\n" for problem in problems))
        done = subprocess.run([driver, file], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == cases
    if mode == "--stored":
        kept = json.loads(STORED.read_text())
        assert kept["problems"] == digest(problems), (
            "NumPy draws other numbers than when the answers were kept: --store"
        )
        answers = kept["answers"]
    for number, (problem, found) in enumerate(zip(problems, results)):
        if mode != "--stored":
            answers.append(ask(problem, found, tally))
        wrong = compare(problem, found, tally, answers[number])
        if wrong:
            failures.append(
                f"instance {number} ({problem['kind']}, {len(problem['loss'])} groups, "
                f"{len(problem['budgets'])} budgets): {wrong}"
            )
    assert tally["infeasible"] < cases / 5, "too few instances have a solution"
    for failure in failures:
        print(failure)
    print(
        f"{tally['infeasible']} infeasible; HiGHS reached its limit in {tally['limit']} and used its tolerance in "
        f"{tally['tolerance']}; {tally['below']} of its optima are above ours, by at most {tally['most below']:.1e}"
    )
    print(f"seconds: ours {tally['ours']:.1f}, slowest {tally['slowest']:.2f}; HiGHS {tally['highs']:.1f}")
    print(f"{cases - len(failures)} passed, {len(failures)} failed")
    if mode == "--store" and not failures:
        STORED.write_text(json.dumps({"problems": digest(problems), "answers": answers}) + "\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
    elif len(sys.argv) == 3 and sys.argv[2] == "--stored":
        inside(sys.argv[1], "--stored")
    elif len(sys.argv) == 3 or sys.argv[3:] == ["--store"]:
        outside(*sys.argv[1:])
    else:
        sys.exit(__doc__)
