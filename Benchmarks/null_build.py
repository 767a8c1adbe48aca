"""A null build of 1,000 images with 100,000 context files, against ninja and against the bare system calls."""

import json
import os
import shutil
import subprocess
import sys

import measuring
import trees
from measuring import Command

DEFINITIONS, FILES = 1000, 98


def ninja(tree):
    """The same tree for ninja: a stamp for each definition, made from all its files and from its parent's stamp."""
    if not shutil.which("ninja"):
        sys.exit("ninja is missing: install the package ninja-build")
    folder = os.path.join(tree, "ninja")
    os.makedirs(folder, exist_ok=True)
    lines = ["rule stamp", "  command = touch $out"]
    for index, place in enumerate(sorted(os.listdir(os.path.join(tree, "share/docker")))):
        inputs = []
        for parent, _, names in os.walk(os.path.join(tree, "share/docker", place)):
            inputs += [os.path.join(parent, name) for name in names]
        if index > 0:
            inputs.append(f"image{(index - 1) // 10:05d}.stamp")
        lines.append(f"build {place}.stamp: stamp {' '.join(sorted(inputs))}")
    trees.write(os.path.join(folder, "build.ninja"), "\n".join(lines) + "\n")
    subprocess.run(["ninja", "-C", folder, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return Command(["ninja", "-C", folder], check=lambda output: "no work to do" in output)


def null(tree):
    """Nothing runs: the only event is the last one."""
    def did_nothing(output):
        events = [json.loads(line) for line in output.splitlines()]
        return [event["event"] for event in events] == ["done"] and events[0]["built"] == 0
    return Command([trees.COPPICE, "-r", tree, "build", "all", "--progress", "json"], check=did_nothing)


def measure():
    tree = trees.built("null-1000", DEFINITIONS, FILES)
    look = Command([trees.peer("look"), os.path.join(tree, "share"), "2"],
                   check=lambda output: int(output) >= DEFINITIONS * (FILES + 2))
    times = measuring.interleaved({"coppice": null(tree), "ninja": ninja(tree), "C, 2 threads": look})
    memory = measuring.peak_memory(null(tree).argv)
    return [
        measuring.ratio("null build, 1,000 images, 100,000 files", times, "coppice", "ninja", 0.5),
        measuring.ratio("the same", times, "coppice", "C, 2 threads", 1.5, "getdents64 + statx"),
        measuring.Row("its peak memory", f"{memory:.0f} MB", "–", "bar 100 MB", memory <= 100),
    ]


if __name__ == "__main__":
    measuring.main(measure)
