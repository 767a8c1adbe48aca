"""Start-up, and small questions."""

import measuring
import trees
from measuring import Command


def measure():
    small = trees.make("list-15", 15, 5)
    large = trees.make("status-1000", 1000, 8)
    trees.coppice(large, "build", "all", "--touch")
    trees.settle(large)
    trees.coppice(small, "list")
    times = measuring.interleaved({
        "version": Command([trees.COPPICE, "--version"]),
        "list": Command([trees.COPPICE, "-r", small, "list"], check=lambda output: output.count("image000") >= 15),
        "status": Command([trees.COPPICE, "-r", large, "status", "all", "--json"],
                          check=lambda output: output.count('"current"') == 1000),
    }, rounds=max(15, measuring.ROUNDS))
    return [
        measuring.limit("coppice --version", times, "version", 0.010),
        measuring.limit("coppice list, 15 definitions", times, "list", 0.025),
        measuring.limit("status --json, 1,000 artifacts with 10,000 files", times, "status", 0.100),
    ]


if __name__ == "__main__":
    measuring.main(measure)
