"""Trees of image definitions for benchmarks: the same bytes for the same seed."""

import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
#: Where trees, compiled peers and their results lie; may be removed at any time.
WORK = os.environ.get("COPPICE_BENCH_WORK", os.path.join(ROOT, ".build", "bench"))
COPPICE = os.environ.get("COPPICE_BENCH_BINARY", os.path.join(ROOT, ".build", "release", "coppice"))


def measuring_program():
    """The program of Benchmarks/Measuring, which `make bench` builds."""
    program = os.environ.get("COPPICE_BENCH_MEASURE", os.path.join(ROOT, ".build", "release", "coppice-measure"))
    if not os.path.exists(program):
        sys.exit("there is no coppice-measure: run `make bench`, which builds it")
    return program


def environment():
    """Nothing but the tree counts: no other definitions, no colours, and images in a store of their own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COPPICE_", "CASA_"))}
    return kept | {"COPPICE_BUILTIN": "none", "NO_COLOR": "1", "LC_ALL": "C", "CONTAINERS_STORAGE_CONF": storage()}


def storage():
    """The settings of buildah that keep the thousands of images out of its store."""
    path = os.path.join(WORK, "storage.conf")
    if not os.path.exists(path):
        os.makedirs(WORK, exist_ok=True)
        write(path, f'[storage]\ndriver = "overlay"\ngraphroot = "{WORK}/containers"\nrunroot = "{WORK}/run"\n')
    return path


def coppice(tree, *arguments, check=True, stdout=subprocess.PIPE):
    done = subprocess.run(
        [COPPICE, "-r", tree, *arguments], env=environment(), stdout=stdout, stderr=subprocess.PIPE, text=True)
    if check and done.returncode != 0:
        sys.exit(f"coppice {' '.join(arguments)} failed with {done.returncode}:\n{done.stderr}")
    return done


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def make(name, definitions, files, seed=1):
    """`definitions` images, each from another one and with `files` files; returns the repository's path."""
    tree = os.path.join(WORK, name)
    if os.path.exists(os.path.join(tree, "complete")):
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    numbers = random.Random(seed)
    os.makedirs(tree)
    write(os.path.join(tree, "coppice.yaml"), "namespace: bench\n")
    for index in range(definitions):
        place = os.path.join(tree, "share/docker", f"image{index:05d}", "debian-12")
        os.makedirs(os.path.join(place, "files/more"))
        parent = (index - 1) // 10
        base, dependencies = "scratch", ""
        if index > 0:
            base = f"bench/image{parent:05d}:debian-12"
            dependencies = f"dependencies:\n  - ../../image{parent:05d}\n"
        write(os.path.join(place, "casa_distro_docker.yaml"),
              f"{dependencies}image_sources:\n  - name: image{index:05d}\n    tags: [latest, debian-12]\n"
              "    singularity: false\n")
        write(os.path.join(place, "Dockerfile"),
              f"FROM {base}\n# one of many\nARG JOBS=4\nENV LANG=C.UTF-8 \\\n    JOBS=$JOBS\n"
              f'LABEL org.example.image="{index}"\nCOPY files /opt/files{index % 7}/\n')
        for number in range(files):
            folder = "files/more" if number % 2 else "files"
            write(os.path.join(place, folder, f"file{number:03d}.txt"),
                  f"{index} {number}\n" * numbers.randint(1, 200))
    write(os.path.join(tree, "complete"), "")
    return tree


def built(name, definitions, files):
    """As `make`, with every image really built once; with COPPICE_BENCH_TOUCH recorded as built, which takes seconds."""
    if os.environ.get("COPPICE_BENCH_TOUCH"):
        tree = make(f"{name}-touched", definitions, files)
        coppice(tree, "build", "all", "--touch")
        settle(tree)
        return tree
    tree = make(name, definitions, files)
    if not os.path.exists(os.path.join(tree, "built")):
        print(f"building {definitions} images once, for {name} …", file=sys.stderr)
        coppice(tree, "build", "all", "--engine", "buildah", stdout=subprocess.DEVNULL)
        write(os.path.join(tree, "built"), "")
    settle(tree)
    return tree


def settle(tree):
    """Two asks with time between them: files that are too young to be trusted are looked at again."""
    time.sleep(2.2)
    coppice(tree, "status", "--json")
    state = coppice(tree, "status", "--json", "--exit-code", check=False)
    if state.returncode not in (0, 3):
        sys.exit(f"status failed:\n{state.stderr}")


def peer(name, *libraries):
    """A C program of Benchmarks/peers, compiled."""
    os.makedirs(WORK, exist_ok=True)
    program, source = os.path.join(WORK, name), os.path.join(HERE, "peers", name + ".c")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(["cc", "-O2", "-pthread", "-o", program, source, "-lcrypto", *libraries], check=True)
    return program


def context_files(tree):
    """Every file below share/, in a list for `hash`."""
    found = []
    for folder, _, names in os.walk(os.path.join(tree, "share")):
        found += [os.path.join(folder, name) for name in names]
    path = os.path.join(tree, "files.list")
    write(path, "\n".join(sorted(found)) + "\n")
    return path, len(found)
