"""A graph of 10,000 steps that each spawn `true`, against ninja with as many edges of the same shape."""

import os
import shutil
import statistics
import sys

import measuring
import trees
from measuring import Command

STEPS, FEW = 10_000, 100
ROUNDS = int(os.environ.get("COPPICE_BENCH_ROUNDS", "5"))


def ninja(steps):
    if not shutil.which("ninja"):
        sys.exit("ninja is missing: install the package ninja-build")
    folder = os.path.join(trees.WORK, f"scheduler-ninja-{steps}")
    os.makedirs(folder, exist_ok=True)
    lines = ["rule true", "  command = true"]
    for number in range(steps):
        lines.append(f"build step{number}: true" + (f" step{(number - 1) // 10}" if number else ""))
    trees.write(os.path.join(folder, "build.ninja"), "\n".join(lines) + "\n")

    def forget():
        log = os.path.join(folder, ".ninja_log")
        if os.path.exists(log):
            os.remove(log)
    return Command(["ninja", "-C", folder, "-j", str(os.cpu_count())], before=forget,
                   check=lambda output: f"[{steps}/{steps}]" in output)


def coppice(steps, told=None):
    folder = os.path.join(trees.WORK, f"scheduler-{steps}")
    return Command([trees.measuring_program(), "steps", str(steps), str(os.cpu_count()), folder],
                   before=lambda: shutil.rmtree(folder, ignore_errors=True), told=told)


def measure():
    times = measuring.interleaved({"coppice": coppice(STEPS), "ninja": ninja(STEPS)}, rounds=ROUNDS)
    each = measuring.interleaved({"many": coppice(STEPS, "all"), "few": coppice(FEW, "all")}, rounds=ROUNDS)
    many, few = (statistics.median(each[name]) / count for name, count in (("many", STEPS), ("few", FEW)))
    return [
        measuring.ratio("10,000 steps that spawn `true`", times, "coppice", "ninja", 1.0),
        measuring.Row("one of 10,000 steps", measuring.text(many), f"one of 100: {measuring.text(few)}",
                      f"{many / few:.2f} × (bar 1.5 ×)", many <= 1.5 * few),
    ]


if __name__ == "__main__":
    measuring.main(measure)
