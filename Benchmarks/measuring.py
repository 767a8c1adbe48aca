"""Interleaved measurements: A B A B …, so that whatever else the machine does falls on both."""

import os
import resource
import statistics
import subprocess
import sys
import time

import trees

ROUNDS = int(os.environ.get("COPPICE_BENCH_ROUNDS", "7"))


class Seconds(float):
    """How long a run took, and the processors' time that it cost, which other work on the machine disturbs less."""

    cpu = 0.0


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Command:
    """What is measured: argv, and what must hold of its output for the run to count.

    With `told`, the milliseconds count that the program itself tells under that name."""

    def __init__(self, argv, *, check=None, check_errors=None, before=None, told=None):
        self.argv, self.check, self.check_errors, self.before, self.told = argv, check, check_errors, before, told

    def run(self):
        """Seconds of one run."""
        if self.before:
            self.before()
        start, used = time.perf_counter(), processor_seconds()
        process = subprocess.Popen(
            self.argv, env=trees.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate()
        seconds = Seconds(time.perf_counter() - start)
        cpu = processor_seconds() - used
        if process.returncode != 0:
            sys.exit(f"{' '.join(self.argv)} ended with {process.returncode}:\n{errors}{output[-2000:]}")
        if self.check and not self.check(output):
            sys.exit(f"{' '.join(self.argv)} did other work than it should:\n{output[-2000:]}")
        if self.check_errors and not self.check_errors(errors):
            sys.exit(f"{' '.join(self.argv)} did other work than it should:\n{errors[-2000:]}")
        if self.told:
            seconds = Seconds(float(dict(line.split() for line in output.splitlines())[self.told]) / 1000)
        seconds.cpu = cpu
        return seconds


def interleaved(commands, rounds=ROUNDS):
    """Runs each once to warm up, then all in turn; the seconds of each by name."""
    for command in commands.values():
        command.run()
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(command.run())
    return times


def peak_memory(argv):
    """Megabytes of one run at its largest."""
    script = ("import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", script, *argv], env=trees.environment(), stdout=subprocess.PIPE,
                          text=True, check=True)
    return int(done.stdout) / 1024


class Row:
    """One line of the table."""

    def __init__(self, work, ours, theirs, bar, met, note=""):
        self.work, self.ours, self.theirs, self.bar, self.met, self.note = work, ours, theirs, bar, met, note


def text(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def spread(times):
    cpu = statistics.median(each.cpu for each in times)
    return f"{text(statistics.median(times))} ({text(min(times))}–{text(max(times))}), CPU {text(cpu)}"


def ratio(work, times, ours, theirs, limit, note=""):
    """A row that compares medians."""
    value = statistics.median(times[ours]) / statistics.median(times[theirs])
    cpu = statistics.median(each.cpu for each in times[ours]) / statistics.median(each.cpu for each in times[theirs])
    return Row(work, spread(times[ours]), f"{theirs}: {spread(times[theirs])}",
               f"{value:.3g} × (bar {limit:g} ×), CPU {cpu:.3g} ×", value <= limit, note)


def limit(work, times, name, seconds, note=""):
    """A row with a bar in seconds."""
    return Row(work, spread(times[name]), "–", f"bar {text(seconds)}", statistics.median(times[name]) <= seconds, note)


def unmeasured(work, times, name, fault):
    """A row whose peer cannot be had here."""
    return Row(work, spread(times[name]), fault, "–", None)


def table(rows):
    lines = ["| work | coppice | against | ratio, bar | met |", "|---|---|---|---|---|"]
    words = {True: "yes", False: "**no**", None: "not measured"}
    for row in rows:
        work = row.work + (f" ({row.note})" if row.note else "")
        lines.append(f"| {work} | {row.ours} | {row.theirs} | {row.bar} | {words[row.met]} |")
    return "\n".join(lines)


def main(*measure):
    """For a script that is run alone."""
    rows = []
    for function in measure:
        rows += function()
    print(table(rows))
