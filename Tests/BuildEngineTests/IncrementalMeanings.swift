import BuildEngine
import BuildRecords
import HostSystem
import ImageModel
import TestSupport
import Testing

extension IncrementalTests {
  /// What engines do not look at in a Dockerfile, and what they do.
  static let meanings: [Row] = [
    Row("a Dockerfile that is written otherwise and means the same", runs: []) { world in
      world.write("science", "FROM cati/python:1\nRUN [\"a\", \"b\"]\nCOPY . /\nCMD [\"a\",\"b\"]\n")
      try await world.build()
      world.write(
        "science", "# why\nFrom   cati/python:1\n\nRUN [ \"a\",\"b\" ]\ncopy . \\\n  /\nCMD [ \"a\", \"b\" ]\n")
    },
    Row("a blank in a word of a JSON form", runs: ["science: dockerfile ~CMD [\"a \"]"]) { world in
      world.write("science", "FROM cati/python:1\nCOPY . /\nCMD [ \"a\" ]\n")
      try await world.build()
      world.write("science", "FROM cati/python:1\nCOPY . /\nCMD [ \"a \" ]\n")
    },
    Row("names and numbers of stages", runs: []) { world in
      world.write(
        "science",
        "FROM cati/python:1 AS make\nCOPY . /\nFROM scratch\nCOPY --from=make / /\n"
          + "RUN --mount=from=0,target=/m x\n")
      try await world.build()
      world.write(
        "science",
        "FROM scratch AS unused\nFROM cati/python:1 AS build\nCOPY . /\nFROM scratch AS last\n"
          + "COPY --from=1 / /\nRUN --mount=from=build,target=/m x\n")
    },
    Row("another stage to take from", runs: ["science: dockerfile ~COPY --from=1 /3 /"]) { world in
      let text =
        "FROM cati/python:1 AS a\nCOPY . /\nFROM scratch AS b\nCOPY file /\nFROM scratch\n"
        + "COPY --from=a /1 /\nCOPY --from=b /2 /\nCOPY --from="
      world.write("science", text + "a /3 /\n")
      try await world.build()
      world.write("science", text + "b /3 /\n")
    },
    Row("the last stage named as the target", runs: []) { world in
      let text = "FROM cati/python:1 AS a\nCOPY . /\nFROM a AS b\nRUN x\n"
      world.write("science", text)
      try await world.build()
      world["science"].target = "b"
      world.write("science", text)
    },
    Row("another stage as the target", runs: ["science <: dockerfile -FROM stage 0, dockerfile -RUN x"]) { world in
      let text = "FROM cati/python:1 AS a\nCOPY . /\nFROM a AS b\nRUN x\n"
      world.write("science", text)
      try await world.build()
      world["science"].target = "a"
      world.write("science", text)
    },
    Row("a build argument that no ARG takes", runs: []) { world in
      world.write("science", "ARG UNUSED=1\nFROM cati/python:1\nARG JOBS\nCOPY . /\n")
      try await world.build()
      world["science"].buildArguments = ["OTHER": "4", "UNUSED": "2"]
      world.write("science", "ARG UNUSED=3\nARG MORE=$UNUSED\nFROM cati/python:1\nARG JOBS\nCOPY . /\n")
    },
    Row("a build argument that an ARG takes", runs: ["science: argument +JOBS"]) { world in
      world.write("science", "FROM cati/python:1\nARG JOBS\nCOPY . /\n")
      try await world.build()
      world["science"].buildArguments = ["JOBS": "4"]
      world.write("science", "FROM cati/python:1\nARG JOBS\nCOPY . /\n")
    },
    Row("a build argument that engines take themselves", runs: ["science: argument +http_proxy"]) { world in
      world.write("science", "FROM cati/python:1\nCOPY . /\n")
      try await world.build()
      world["science"].buildArguments = ["http_proxy": "http://proxy"]
    },
    Row("an argument before the first FROM that a stage takes", runs: ["science: dockerfile ~ARG JOBS=2"]) { world in
      world.write("science", "ARG JOBS=1\nFROM cati/python:1\nARG JOBS\nCOPY . /\n")
      try await world.build()
      world.write("science", "ARG JOBS=2\nFROM cati/python:1\nARG JOBS\nCOPY . /\n")
    },
    Row("another name of the same upstream", runs: []) { world in
      world.write("science", "FROM cati/python:1 AS a\nCOPY . /\n")
      world["python"].aliases = [ImageReference(repository: "cati/python", tag: "latest")]
      try await world.build()
      world.write("science", "FROM cati/python:latest AS a\nCOPY . /\n")
      world.renameUse(of: "python", in: "science", to: ImageReference(repository: "cati/python", tag: "latest"))
    },
    Row("another name of an upstream that files are taken from", runs: []) { world in
      let text =
        "FROM scratch\nCOPY . /\nCOPY --from=cati/python:1 --chown=1 /x /\n"
        + "RUN --mount=type=bind,from=cati/python:1,target=/m --mount=from=cati/python:1,target=/n from=cati/python:1 x\n"
      world["python"].aliases = [ImageReference(repository: "cati/python", tag: "latest")]
      world.write("science", text)
      try await world.build()
      world.write(
        "science",
        text.replacing("--from=cati/python:1 ", with: "--from=cati/python:latest ")
          .replacing("from=cati/python:1,", with: "from=cati/python:latest,"))
      world.renameUse(of: "python", in: "science", to: ImageReference(repository: "cati/python", tag: "latest"))
    },
    Row(
      "a path in a flag that looks like the name of an upstream",
      runs: ["science: dockerfile ~COPY --exclude=from=cati/python:1 --from=cati/python:1 /x /"]
    ) { world in
      let text = "FROM scratch\nCOPY . /\nCOPY --exclude=from=cati/python"
      let latest = ImageReference(repository: "cati/python", tag: "latest")
      world["python"].aliases = [latest]
      world.write("science", text + " --from=cati/python:latest /x /\n")
      world.renameUse(of: "python", in: "science", to: latest)
      try await world.build()
      world.write("science", text + ":1 --from=cati/python:latest /x /\n")
      world.renameUse(of: "python", in: "science", to: latest)
    },
    Row("two mounts of an upstream by two of its names", runs: []) { world in
      let (first, second) = ("FROM scratch\nCOPY . /\nRUN --mount=from=cati/python:1,target=/m", ",target=/n x\n")
      let latest = ImageReference(repository: "cati/python", tag: "latest")
      world["python"].aliases = [latest]
      world.write("science", first + " --mount=from=cati/python:latest" + second)
      world.renameUse(of: "python", in: "science", to: latest)
      try await world.build()
      world.write("science", first + " --mount=from=cati/python:1" + second)
    },
    Row(
      "a name of an upstream in a command that looks like a flag",
      runs: ["science: dockerfile ~RUN --mount=FROM=cati/python:latest,target=/m echo =from=cati/python:1,"]
    ) { world in
      let text = "FROM scratch\nCOPY . /\nRUN --mount=FROM=cati/python:latest,target=/m echo =from=cati/python:"
      world["python"].aliases = [ImageReference(repository: "cati/python", tag: "latest")]
      world.write("science", text + "latest,\n")
      world.renameUse(of: "python", in: "science", to: ImageReference(repository: "cati/python", tag: "latest"))
      try await world.build()
      world.write("science", text + "1,\n")
      world.renameUse(of: "python", in: "science", to: ImageReference(repository: "cati/python", tag: "latest"))
    },
    Row(
      "a name of an upstream in the text of a command",
      runs: ["science: dockerfile ~RUN --mount=from=cati/python:1,target=/m from=cati/python:latest x"]
    ) { world in
      let text = "FROM scratch\nCOPY . /\nRUN --mount=from=cati/python:1,target=/m from=cati/python:1 x\n"
      world["python"].aliases = [ImageReference(repository: "cati/python", tag: "latest")]
      world.write("science", text)
      try await world.build()
      world.write("science", text.replacing("from=cati/python:1 ", with: "from=cati/python:latest "))
    },
  ]
}
