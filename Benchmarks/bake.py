"""A null build of 30 images against docker: one `buildx bake` with everything cached, and a loop of `docker build`."""

import json
import os
import signal
import subprocess
import sys

import measuring
import null_build
import trees
from measuring import Command

IMAGES = 30


class Docker:
    """A daemon of its own with its client, from a root file system that this machine does not see."""

    def __init__(self):
        self.folder = os.path.join(trees.WORK, "docker")
        script = os.path.join(trees.HERE, "peers", "dockerd-sid")
        done = subprocess.run([script, self.folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.fault = done.stderr.strip() if done.returncode else None
        self.pid = None if self.fault else int(done.stdout)

    def client(self, *arguments):
        return ["nsenter", "--target", str(self.pid), "--mount", "--root", "--wdns=/", "env",
                f"DOCKER_HOST=unix://{self.folder}/docker.sock", *arguments]

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)


def bake_file(tree, places):
    """Every image a target; those that others are made from are in the daemon's store, as for the loop."""
    targets = {place: {"context": os.path.join(tree, "share/docker", place, "debian-12"),
                       "tags": [f"bench/{place}:debian-12"]} for place in places}
    path = os.path.join(tree, "docker-bake.json")
    trees.write(path, json.dumps({"group": {"default": {"targets": places}}, "target": targets}))
    return path


def commands(docker, tree):
    places = sorted(os.listdir(os.path.join(tree, "share/docker")))
    loop = os.path.join(tree, "loop.sh")
    trees.write(loop, "set -e\n" + "".join(
        f"docker build -q -t bench/{place}:debian-12 {tree}/share/docker/{place}/debian-12\n" for place in places))
    run = docker.client("sh", loop)
    first = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout
    bake = docker.client("docker", "buildx", "bake", "--progress", "plain", "-f", bake_file(tree, places))
    subprocess.run(bake, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    return {
        "docker buildx bake": Command(bake, check_errors=lambda text: text.count(" CACHED") >= IMAGES),
        "loop of docker build": Command(run, check=lambda output: output == first),
    }


def measure():
    tree = trees.built("null-30", IMAGES, null_build.FILES)
    docker = Docker()
    if docker.fault:
        print(f"left out: {docker.fault}", file=sys.stderr)
        times = measuring.interleaved({"coppice": null_build.null(tree)})
        return [measuring.unmeasured("null build, 30 images", times, "coppice", docker.fault)]
    try:
        times = measuring.interleaved({"coppice": null_build.null(tree)} | commands(docker, tree))
    finally:
        docker.stop()
    return [
        measuring.ratio("null build, 30 images", times, "coppice", "docker buildx bake", 1 / 20),
        measuring.ratio("the same", times, "coppice", "loop of docker build", 1 / 50),
    ]


if __name__ == "__main__":
    measuring.main(measure)
