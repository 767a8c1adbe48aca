"""The first run, which hashes everything, against a C program that opens, reads and hashes the same files."""

import os
import subprocess

import measuring
import null_build
import trees
from measuring import Command


def measure():
    tree = trees.built("null-1000", null_build.DEFINITIONS, null_build.FILES)
    files, count = trees.context_files(tree)
    index = os.path.join(tree, ".coppice/index")

    def forget():
        if os.path.exists(index):
            os.remove(index)

    def drop():
        forget()
        subprocess.run(["sync"], check=True)
        trees.write("/proc/sys/vm/drop_caches", "3")

    def first(before):
        return Command([trees.COPPICE, "-r", tree, "status", "all", "--exit-code"], before=before)

    def hashing(threads, before=None):
        return Command([trees.peer("hash"), files, str(threads)], before=before,
                       check=lambda output: int(output) == count)

    warm = measuring.interleaved({"coppice": first(forget), "C, 2 threads": hashing(2)})
    rows = [measuring.ratio("first run, 100,000 files, warm page cache", warm, "coppice", "C, 2 threads", 1.2)]
    if os.access("/proc/sys/vm/drop_caches", os.W_OK):
        cold = measuring.interleaved({"coppice": first(drop), "C, 16 threads": hashing(16, drop)})
        rows.append(measuring.ratio("first run, page cache dropped", cold, "coppice", "C, 16 threads", 1.3))
    trees.settle(tree)
    return rows


if __name__ == "__main__":
    measuring.main(measure)
