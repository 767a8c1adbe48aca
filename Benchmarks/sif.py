"""An image becomes a SIF: against the least that this costs, and against Apptainer.

The image is an OCI layout: COPPICE_BENCH_IMAGE, or one made here of this machine's own /usr."""

import gzip
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys

import measuring
import trees
from measuring import Command, Row

ROUNDS = int(os.environ.get("COPPICE_BENCH_ROUNDS", "3"))
PROGRAM = os.environ.get("COPPICE_BENCH_CONVERT", os.path.join(trees.ROOT, ".build", "release", "coppice-convert"))
APPTAINER = os.environ.get("COPPICE_BENCH_APPTAINER", os.path.join(trees.ROOT, ".build", "interop", "root"))
WORK = os.path.join(trees.WORK, "sif")
PARTS = ["usr/bin", "usr/share", "usr/lib"]
LIMIT = 1_200_000_000


def put(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(layout, "blobs/sha256", digest), "wb") as file:
        file.write(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def blob(layout, descriptor):
    return os.path.join(layout, "blobs/sha256", descriptor["digest"].split(":")[1])


def read(layout, descriptor):
    with open(blob(layout, descriptor), encoding="utf-8") as file:
        return json.load(file)


def manifest_of(layout):
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        return read(layout, json.load(file)["manifests"][0])


def layout_of(name, tars, base=None):
    """An OCI layout of uncompressed layers in files, upon another layout's."""
    layout = os.path.join(WORK, name)
    if os.path.exists(os.path.join(layout, "oci-layout")):
        return layout
    shutil.rmtree(layout, ignore_errors=True)
    os.makedirs(os.path.join(layout, "blobs/sha256"))
    layers, ids = [], []
    if base:
        layers += manifest_of(base)["layers"]
        ids += read(base, manifest_of(base)["config"])["rootfs"]["diff_ids"]
        for layer in layers:
            shutil.copyfile(blob(base, layer), blob(layout, layer))
    for path in tars:
        with open(path, "rb") as file:
            data = file.read()
        ids.append(f"sha256:{hashlib.sha256(data).hexdigest()}")
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                       **put(layout, gzip.compress(data, 6, mtime=0))})
    config = {"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z", "config": {"Cmd": ["sh"]},
              "rootfs": {"type": "layers", "diff_ids": ids}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                           **put(layout, json.dumps(config).encode())}, "layers": layers}
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": manifest["mediaType"], **put(layout, json.dumps(manifest).encode()),
         "annotations": {"org.opencontainers.image.ref.name": "1"}}]}
    trees.write(os.path.join(layout, "index.json"), json.dumps(index))
    trees.write(os.path.join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
    return layout


def own_layers():
    """Tars of what lies below /usr, 1.2 GB at most."""
    tars, left = [], LIMIT
    for part in PARTS:
        path = os.path.join(WORK, part.replace("/", "-") + ".tar")
        if not os.path.exists(path):
            names = sorted(os.path.join(folder, name) for folder, _, found in os.walk(os.path.join("/", part))
                           for name in found if os.path.isfile(os.path.join(folder, name)))
            kept = []
            for name in names:
                left -= os.path.getsize(name) + 512
                if left > 0:
                    kept.append(name.lstrip("/"))
            listing = path + ".names"
            trees.write(listing, "\0".join(kept))
            subprocess.run(["tar", "--create", "--file", path, "--directory", "/", "--null", "--no-recursion",
                            "--verbatim-files-from", "--files-from", listing], check=True)
        tars.append(path)
    return tars


def decompressed_size(path):
    """Of a gzip file, as its end says."""
    with open(path, "rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def upper_layer(size):
    """A tar of as many new bytes: copies of programs, changed here and there."""
    path = os.path.join(WORK, "upper.tar")
    if os.path.exists(path):
        return path
    folder, numbers = os.path.join(WORK, "upper", "opt", "new"), random.Random(5)
    os.makedirs(folder, exist_ok=True)
    names = sorted(name for name in os.listdir("/usr/bin") if os.path.isfile(os.path.join("/usr/bin", name)))
    while size > 0:
        name = numbers.choice(names)
        with open(os.path.join("/usr/bin", name), "rb") as file:
            data = bytearray(file.read(size))
        for place in range(0, len(data), 5000):
            data[place] = numbers.randrange(256)
        with open(os.path.join(folder, f"{size}"), "wb") as file:
            file.write(data)
        size -= max(1, len(data))
    subprocess.run(["tar", "--create", "--file", path, "--directory", os.path.join(WORK, "upper"), "opt"], check=True)
    return path


def imported(name, layout):
    """The image in a store of our own: store and id."""
    store, archive, note = (os.path.join(WORK, name + end) for end in ("-store", ".tar", ".id"))
    if not os.path.exists(note):
        subprocess.run(["tar", "--create", "--file", archive, "--directory", layout, "."], check=True)
        done = subprocess.run([PROGRAM, "import", store, archive], stdout=subprocess.PIPE, text=True, check=True)
        os.remove(archive)
        trees.write(note, done.stdout.strip())
    with open(note, encoding="utf-8") as file:
        return store, file.read().strip()


def copy_and_sync(source):
    script = ("import os,shutil,sys;shutil.copyfile(*sys.argv[1:]);f=os.open(sys.argv[2],os.O_RDONLY);os.fsync(f);"
              "os.remove(sys.argv[2])")
    return Command([sys.executable, "-c", script, source, source + ".copy"])


def measure():
    if not os.path.exists(PROGRAM):
        sys.exit("there is no coppice-convert: run `make bench`, which builds it")
    os.makedirs(WORK, exist_ok=True)
    layout = os.environ.get("COPPICE_BENCH_IMAGE") or layout_of("base", own_layers())
    blobs = [blob(layout, layer) for layer in manifest_of(layout)["layers"]]
    child = layout_of("child", [upper_layer(sum(map(decompressed_size, blobs)) // 20)], layout)
    (store, base), (child_store, new) = imported("base", layout), imported("child", child)
    peer = trees.peer("convert", "-ldeflate", "-lzstd")
    rows = []
    for codec in ("gzip", "zstd"):
        out = {name: os.path.join(WORK, f"{name}-{codec}.sif") for name in ("base", "child", "layout", "apptainer")}
        commands = {
            "a layout": Command([PROGRAM, "layout", layout, out["layout"], codec, "2"]),
            "the store": Command([PROGRAM, "image", store, base, out["base"], codec, "2"]),
            "C, 2 threads": Command([peer, codec, "2", *blobs]),
        }
        if os.path.exists(os.path.join(APPTAINER, "complete")):
            enter = os.path.join(trees.ROOT, "Tests", "lab", "apptainer-enter")
            level = [] if codec == "gzip" else ["--mksquashfs-args", "-comp zstd -Xcompression-level 3"]
            commands["Apptainer"] = Command(
                [enter, APPTAINER, "apptainer", "build", "--force", *level, out["apptainer"], "oci:" + layout])
        times = measuring.interleaved(commands, ROUNDS)
        for name in ("a layout", "the store"):
            rows.append(measuring.ratio(f"SIF of {name}, {codec}", times, name, "C, 2 threads", 1.25))
        if "Apptainer" in times:
            rows.append(measuring.ratio(f"SIF of a layout, {codec}", times, "a layout", "Apptainer",
                                        1 / 8 if codec == "gzip" else 1 / 6))
        again = measuring.interleaved({
            "child": Command([PROGRAM, "image", child_store, new, out["child"], codec, "2", out["base"]]),
            "copy": copy_and_sync(out["base"])}, ROUNDS)
        bar = 0.1 * statistics.median(times["the store"]) + 1.5 * statistics.median(again["copy"])
        rows.append(measuring.limit(f"SIF of a child with 5 % more, {codec}", again, "child", bar,
                                    "a tenth of a whole one, and 1.5 × copying and syncing the file"))
        memory = measuring.peak_memory(commands["a layout"].argv)
        rows.append(Row(f"its peak memory, {codec}", f"{memory:.0f} MB", "–", "bar 128 MB", memory <= 128))
    return rows


if __name__ == "__main__":
    measuring.main(measure)
