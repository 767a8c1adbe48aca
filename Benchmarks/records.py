"""Lockfile and journal of 10,000 artifacts and 100,000 entries: all that a build which runs one step does to them."""

import os

import measuring
import trees
from measuring import Command


def measure():
    folder = os.path.join(trees.WORK, "records")
    command = Command([trees.measuring_program(), "records", folder], told="all")
    times = measuring.interleaved({"coppice": command})
    return [measuring.limit("lockfile of 10,000 artifacts, journal of 100,000 entries: open, update one, write", times,
                            "coppice", 0.150)]


if __name__ == "__main__":
    measuring.main(measure)
