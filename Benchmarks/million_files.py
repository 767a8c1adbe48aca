"""A null build with ten times the files: time must grow no faster than the files."""

import measuring
import null_build
import trees


def measure():
    small = trees.built("null-1000", null_build.DEFINITIONS, null_build.FILES)
    large = trees.make("null-1000000", 1000, 998)
    trees.coppice(large, "build", "all", "--touch")
    trees.settle(large)
    times = measuring.interleaved({"coppice": null_build.null(large), "100,000 files": null_build.null(small)})
    return [measuring.ratio("null build, 1,000,000 files", times, "coppice", "100,000 files", 12)]


if __name__ == "__main__":
    measuring.main(measure)
