import DockerfileText
import ImageModel
import Testing

@Suite struct UseTests {
  @Test(
    arguments: [
      ("FROM ubuntu:24.04", ["from ubuntu:24.04"], ["ubuntu:24.04"]),
      ("from --platform=linux/arm64   \\\n  cati/casa-test:1 as x", ["from cati/casa-test:1"], ["cati/casa-test:1"]),
      ("ARG B=a:1\nFROM ${B} AS x\nFROM x", ["from a:1"], ["${B}"]),
      ("FROM \"a:1\"", ["from a:1"], ["\"a:1\""]),
      ("FROM scratch\nCOPY --chown=1 --from=b:2 x /", ["copyFrom b:2"], ["b:2"]),
      ("FROM scratch\nCOPY --from=\"b:2\" x /", ["copyFrom b:2"], ["b:2"]),
      ("FROM scratch\nARG T=2\nCOPY --from=b:$T x /", ["copyFrom b:2"], ["b:$T"]),
      (
        "FROM scratch\nRUN --mount=type=bind,from=b,target=/x --mount=from=c:1,type=cache ls",
        ["mountFrom b", "mountFrom c:1"],
        ["b", "c:1"]
      ),
      ("FROM scratch\nRUN --mount=type=secret,id=x,from=b --mount=type=tmpfs,from=c ls", [], []),
      (
        "# syntax=docker/dockerfile:1.7 extra\nFROM a", ["syntax docker/dockerfile:1.7", "from a"],
        ["docker/dockerfile:1.7", "a"]
      ),
      ("#!/usr/bin/x\n# syntax=a/b\nFROM a", ["syntax a/b", "from a"], ["a/b", "a"]),
      (" # syntax=a/b\nFROM a", ["from a"], ["a"]),
      ("# c\n# syntax=a/b\nFROM a", ["from a"], ["a"]),
      // Stages by name in any case and by number; the name of a later one is an image's.
      ("FROM a AS One\nFROM b\nCOPY --from=ONE x /\nCOPY --from=0 x /", ["from a", "from b"], ["a", "b"]),
      ("FROM a AS one\nCOPY --from=two x /\nFROM b AS two\nFROM one", ["from a", "copyFrom two"], ["a", "two"]),
      ("FROM a AS x\nCOPY --from=x y /", ["from a", "copyFrom x"], ["a", "x"]),
      ("FROM a AS 1x\nFROM b\nRUN --mount=from=1x,target=/x ls", ["from a", "from b"], ["a", "b"]),
      (
        "FROM a\nFROM b\nRUN --mount=from=0,target=/x --mount=from=7,target=/y ls",
        ["from a", "from b", "mountFrom 7"], ["a", "b", "7"]
      ),
      ("FROM a AS one\nFROM b AS two\nFROM --after=one c", ["from a", "from c"], ["a", "c"]),
      ("ARG \"B=a:1\"\nFROM $B", ["from a:1"], ["$B"]),
      // Stages that the target does not need.
      ("FROM a AS one\nCOPY --from=z x /\nFROM b", ["from b"], ["b"]),
      (
        "FROM a AS one\nFROM b AS two\nRUN --mount=from=one,target=/x ls\nFROM c\nCOPY --from=two x /",
        ["from a", "from b", "from c"],
        ["a", "b", "c"]
      ),
      ("FROM a\nONBUILD COPY --from=b x /", ["from a"], ["a"]),
      ("FROM a AS x\nONBUILD COPY --from=b x /\nFROM x", ["from a", "copyFrom b"], ["a", "b"]),
      (
        "FROM a AS x\nONBUILD COPY --from=b x /\nFROM x AS y\nFROM x\nCOPY --from=y p /", ["from a", "copyFrom b"],
        ["a", "b"]
      ),
    ] as [(String, [String], [String])])
  func theTargetUsesExactlyTheseImages(text: String, used: [String], written: [String]) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.used == used)
    #expect(facts.replaceable == written)
  }

  @Test func theTargetChooses() {
    let text = "FROM a AS one\nFROM b AS two\nFROM c"
    #expect(read(text, target: "One").used == ["from a"])
    #expect(read(text, target: "1").used == ["from b"])
    #expect(read(text, target: "2").used == ["from c"])
    #expect(read(text).used == ["from c"])
    let wrong = read(text, target: "tow")
    #expect(wrong.errors == ["there is no stage 'tow'"])
    #expect(wrong.diagnostics.first?.help == "did you mean two?")
    let place = SourceLocation(file: "d.yaml", line: 7, column: 3)
    let placed = DockerfileReader.read(
      Array(text.utf8), file: "Dockerfile", buildArguments: [:], target: "tow", targetPlace: place,
      platform: Platform(os: "linux", architecture: "amd64"))
    #expect(placed.diagnostics.first?.location == place)
  }

  @Test func aReferenceIsReplacedAsAWhole() {
    let text = "# syntax=s\nARG B=a\nFROM ${B}:1 AS x # c\nFROM --platform=linux/amd64 b\r\nCOPY --from=\"c\" a /\n"
    let facts = read(text.replacing(" # c", with: ""))
    let names = facts.uses.map { ($0.range, "new/\($0.role.rawValue)") }
    // Stage x is not needed: its reference stays.
    #expect(
      String(decoding: DockerfileRewriter.text(of: facts, replacing: names.reversed()), as: UTF8.self)
        == "# syntax=new/syntax\nARG B=a\nFROM ${B}:1 AS x\nFROM --platform=linux/amd64 new/from\r\n"
        + "COPY --from=\"new/copyFrom\" a /\n")
    let first = read("ARG B=a\nFROM ${B:-\"x\"}:1 AS x")
    #expect(
      DockerfileRewriter.text(of: first, replacing: [(first.uses[0].range, "n@sha256:0")])
        == Array("ARG B=a\nFROM n@sha256:0 AS x".utf8))
  }

  @Test(
    arguments: [
      ("", "the Dockerfile is empty", 0, 0), ("\n# c\n", "the Dockerfile has no instructions", 0, 0),
      ("ARG A=1\n", "there is no FROM instruction", 1, 1),
      ("FROM a b", "FROM takes an image and, if wanted, AS and a name", 1, 1),
      ("FROM Ubuntu:1", "'Ubuntu:1' is no image reference: 'Ubuntu' has upper-case letters", 1, 6),
      ("ARG V\nFROM a:$V", "'a:$V' names no image: no ARG before the first FROM gives 'V' a value", 2, 6),
      ("FROM é${X}", "'é${X}' names no image: no ARG before the first FROM gives 'X' a value", 1, 6),
      ("FROM ${X:?unset}", "X: unset", 1, 6), ("FROM ${X", "'${X' cannot be expanded: '}' is missing", 1, 6),
      ("FROM a\nCOPY x", "COPY takes at least one source and a destination", 2, 1),
      ("FROM a\nCOPY [1] /", nil, 0, 0), ("FROM a\nCOPY [1]", "the JSON form of COPY takes strings only", 2, 6),
      ("FROM a\nCOPY --from=7 x /", "there is no stage 7 before this one", 2, 13),
      ("FROM a AS x\nCOPY --from=0 y /", "there is no stage 0 before this one", 2, 13),
      (
        "FROM a\nCOPY --from=$HOME y /",
        "the value of 'HOME' cannot be known: the environment of the base image a is not known", 2, 13
      ),
      ("FROM a\nCOPY https://x/y /", "COPY cannot take 'https://x/y' from the network", 2, 6),
      ("FROM a\nONBUILD FROM b", "ONBUILD cannot run FROM", 2, 1),
      ("# escape=x\nFROM a", "'x' cannot be the escape character", 1, 10),
      ("# escape=`\n# escape=`\nFROM a", "only one escape directive can be used", 2, 1),
    ] as [(String, String?, Int, Int)])
  func aFaultSaysWhatAndWhere(text: String, message: String?, line: Int, column: Int) {
    let facts = read(text)
    #expect(facts.errors == (message.map { [$0] } ?? []))
    guard message != nil, let first = facts.diagnostics.first(where: { $0.severity == .error }) else { return }
    #expect(first.location == SourceLocation(file: "Dockerfile", line: line, column: column))
    #expect(line == 0 || first.sourceLine?.isEmpty == false)
    #expect(facts.sources == nil)
  }

  @Test func allFaultsAreToldAtOnce() {
    let facts = read("FORM a\nFROM B\nRNU x\nCOPY x\n")
    #expect(facts.diagnostics.map(\.location?.line) == [1, 2, 3, 4])
    #expect(facts.diagnostics[0].help == "did you mean FROM?")
  }

  @Test(arguments: [
    ("RUN <<E\nE", "heredoc"), ("RUN --mount=target=/x,from=a ls", "mount-bind"),
    ("RUN --mount=type=cache,target=/x ls", "mount-cache"),
    ("RUN --mount=type=secret,id=x ls", "mount-secret"), ("RUN --mount=type=ssh ls", "mount-ssh"),
    ("COPY --link a /", "copy-link"),
    ("COPY --parents a /", "copy-parents"), ("COPY --exclude=b a /", "copy-exclude"),
    ("COPY --chmod=755 a /", "copy-chmod"),
    ("ADD git@host:x/y.git /", "add-git"), ("ADD https://host/x.git#v1 /", "add-git"), ("ONBUILD RUN x", "onbuild"),
  ])
  func featuresAreNamed(instruction: String, feature: String) {
    #expect(read("FROM a\n" + instruction).features == [feature])
    #expect(read("FROM a\nCOPY --link=false a /\nADD https://x/y /").features == [])
  }
}
