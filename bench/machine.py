"""What the numbers depend on: processor, clock, governor, compiler, flags, load."""

import datetime
import json
import pathlib
import subprocess


def lscpu():
    try:
        text = subprocess.run(["lscpu", "-J"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    found = {}

    def collect(entries):
        for entry in entries:
            found[entry["field"].rstrip(":")] = entry.get("data") or ""
            collect(entry.get("children", []))

    collect(json.loads(text)["lscpu"])
    return found


def governor():
    path = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.is_file() else "not visible"


def lines(context, clock):
    """Markdown list items. `context` is Google Benchmark's; `clock` in cycles per second or None."""
    cpu = lscpu()
    flags = [f for f in cpu.get("Flags", "").split() if f in ("avx2", "bmi2") or f.startswith("avx512")]
    model = cpu.get("Model name", "unknown processor")
    numbers = ", ".join(
        f"{key} {cpu[field]}"
        for key, field in (("family", "CPU family"), ("model", "Model"), ("stepping", "Stepping"))
        if field in cpu
    )
    caches = ", ".join(f"{name} {cpu[f'{name} cache']}" for name in ("L1d", "L2", "L3") if f"{name} cache" in cpu)
    measured = f"{clock / 1e9:.2f} GHz (measured)" if clock else "clock not measured"
    load = ", ".join(f"{x:.1f}" for x in context.get("load_avg", []))
    return [
        f"- Processor: {model} ({numbers}); {cpu.get('CPU(s)', '?')} CPUs; {measured}; governor {governor()}",
        f"- Caches: {caches}; flags: {' '.join(flags) or 'none of AVX2, BMI2, AVX-512'}",
        f"- Compiler: {context.get('compiler', 'unknown')}, `{context.get('flags', '').strip()}` and each "
        "target's own instruction set",
        f"- Date: {datetime.date.today().isoformat()}; load of the machine at the start: {load}",
    ]
