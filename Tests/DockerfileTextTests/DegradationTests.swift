import DockerfileText
import ImageModel
import Testing

/// What the reader does not understand never hides a file and never stops an engine that does understand it.
@Suite struct DegradationTests {
  @Test(arguments: [
    "FROM a\nFETCH x /", "FROM a\nRNU x", "FETCH x\nFROM a", "FROM a\nCOPY --git a /", "FROM a\nADD --parents a /",
    "FROM --lazy a", "FROM a\nRUN --context=x ls", "FROM a\nRUN --mount=type=context,target=/x ls",
    "FROM a AS x\nONBUILD FETCH y\nFROM x", "FROM a AS x\nONBUILD COPY --git y /\nFROM x",
    "FROM a\nENV $HOME=1\nCOPY $X /", "FROM scratch\nARG A=b\nCOPY ${A//b/\\$1} /",
    "FROM scratch\nARG \"A\"=b\nCOPY $A /",
  ])
  func aConstructThatNobodyKnowsReachesTheWholeContext(text: String) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.sources == nil)
    #expect(!facts.diagnostics.isEmpty)
  }

  /// buildah, or BuildKit, builds each of these.
  @Test(
    arguments: [
      ("LABEL a=b\nCOPY x /\nFROM a", ["x"]), ("FROM a\nRUN cat <<EOF\nCOPY x /", ["x"]),
      ("FROM a\nRUN echo $((1 << 2))\nCOPY x /", ["x"]), ("# check=a\n# check=b\nFROM a\nCOPY x /", ["x"]),
      ("FROM Not:Valid AS unused\nFROM a\nCOPY x /", ["x"]), ("FROM a:$V AS unused\nFROM a\nCOPY x /", ["x"]),
      ("FROM a\nCOPY me@host:file /", ["me@host:file"]), ("FROM a\nONBUILD FETCH y\nCOPY x /", ["x"]),
      ("FROM a AS 1\nCOPY x /", ["x"]),
    ] as [(String, [String])])
  func whatAnEngineBuildsIsNotRefused(text: String, sources: [String]) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.sources == sources)
  }

  @Test(
    arguments: [
      ("FROM scratch\nCOPY ${A:-$HOME} /", ["1"]), ("FROM scratch\nCOPY ${A+b${A}} /", ["b1"]),
      ("FROM ubuntu\nARG A\nCOPY ${A:-$HOME} /", ["1"]), ("FROM ubuntu\nARG A\nCOPY ${A:-${B:-$C}}x /", ["1x"]),
    ] as [(String, [String])])
  func aWordThatIsNotNeededMayBeUnknowable(text: String, sources: [String]) {
    #expect(
      read("ARG A\n" + text.replacing("scratch\n", with: "scratch\nARG A\n"), arguments: ["A": "1"]).sources == sources)
  }

  @Test(arguments: [
    "# syntax=example/builder\nFROM a\nCOPY x /", "# syntax=example/builder\nimage: a\nsteps:\n  - copy: x\n",
    "// syntax=example/builder\nimage \"a\" {}\n", "{\"syntax\": \"example/builder\"}",
    "#!/bin/x\n# syntax=example.com:5000/dockerfile-x@sha256:0\nINCLUDE y",
  ])
  func aTextForAnotherFrontEndCountsAsAWhole(text: String) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.sources == nil)
    #expect(facts.canonical.joined() == text)
    for end in [" ", "# c", "\n"] { #expect(read(text + end).canonical != facts.canonical) }
  }

  @Test func theFrontEndOfDockerIsNoOther() {
    for name in ["docker/dockerfile:1", "docker/dockerfile-upstream:master-labs", "example.com/mirror/dockerfile:1.7"] {
      #expect(read("# syntax=\(name)\nFROM a\nCOPY x /").sources == ["x"])
      #expect(read("FROM a\nCOPY x /", arguments: ["BUILDKIT_SYNTAX": name]).sources == ["x"])
    }
    #expect(read("FROM a\nCOPY x /", arguments: ["BUILDKIT_SYNTAX": "example/builder"]).sources == nil)
    #expect(read("# syntax=example/builder\nFROM a\nCOPY x /").used == ["syntax example/builder", "from a"])
    #expect(read("# syntax=example/builder\nFROM A\nCOPY x /").used == ["syntax example/builder"])
  }

  // MARK: - Bytes that are not UTF-8

  @Test func bytesThatAreNotTextCount() {
    func read(_ byte: UInt8, _ format: String) -> DockerfileFacts {
      DockerfileTextTests.read(Array("FROM a\n".utf8) + format.utf8.map { $0 == UInt8(ascii: "@") ? byte : $0 })
    }
    for text in ["RUN x @", "RUN <<E\n@\nE", "CMD [\"@\"]", "COPY @ /", "ENV A=@"] {
      #expect(read(0xFE, text).errors.isEmpty)
      #expect(read(0xFE, text).canonical != read(0xFF, text).canonical)
    }
    #expect(read(0xFE, "# @\nRUN x").canonical == read(0xFF, "RUN x").canonical)
    #expect(read(0xFE, "RUN @\nCOPY x /").sources == ["x"])
    for text in ["COPY x@ /", "RUN --mount=source=@,target=/x ls", "ARG A=@\nCOPY $A /"] {
      #expect(read(0xFE, text).sources == nil)
    }
  }
}
