"""One of 100,000 files edited: the verdict with its reason, against a null build."""

import itertools
import json
import os
import time

import measuring
import null_build
import trees
from measuring import Command

PLACE = "share/docker/image00777/debian-12/files/file042.txt"


def measure():
    tree = trees.built("null-1000", null_build.DEFINITIONS, null_build.FILES)
    path = os.path.join(tree, PLACE)
    with open(path, encoding="utf-8") as file:
        original = file.read()
    numbers = itertools.count()

    def edit():
        trees.write(path, f"{original}edit {next(numbers)} {time.time_ns()}\n")

    def restore():
        trees.write(path, original)
        trees.settle(tree)

    def names_the_file(output):
        # Those that were only recorded as built are wanted by it, if the tree is one of those.
        stale = [item for item in json.loads(output)["artifacts"]
                 if any(reason["kind"] == "inputsChanged" for reason in item["reasons"])]
        return len(stale) == 1 and "files/file042.txt" in json.dumps(stale[0]["reasons"])

    ask = [trees.COPPICE, "-r", tree, "status", "all", "--json"]
    times = {"edit": [], "null": []}
    try:
        for _ in range(measuring.ROUNDS):
            restore()
            times["null"].append(Command(ask).run())
            times["edit"].append(Command(ask, before=edit, check=names_the_file).run())
    finally:
        restore()
    return [measuring.ratio("one file of 100,000 edited: verdict and reason", times, "edit", "null", 1.1)]


if __name__ == "__main__":
    measuring.main(measure)
