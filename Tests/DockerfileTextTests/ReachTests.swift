import DockerfileText
import ImageModel
import Testing

@Suite struct ReachTests {
  @Test(
    arguments: [
      ("COPY a b/ /x", ["a", "b"]), ("COPY . /x", ["."]), ("COPY ./ /x", ["."]), ("COPY / /x", ["."]),
      ("COPY /a//b/./c/../d /x", ["a/b/d"]), ("COPY ../../a /x", ["a"]),
      ("copy [\"a b\", \"c\", \"/x\"]", ["a b", "c"]),
      ("COPY src/*.c /x", ["src/*.c"]), ("ADD a.tar http://h/b.tar git@h:c.git /x", ["a.tar", "git@h:c.git"]),
      ("ADD https://h/$V /x", []),
      ("COPY --from=b a /x", []), ("COPY --from= a /x", ["a"]), ("COPY <<E a /x\n1\nE", ["a"]),
      ("COPY --link --chown=1:1 a /x", ["a"]),
      ("COPY --parents a/./b/*.c c/**/d /x", ["a/b/*.c", "c"]), ("COPY --parents **/x /y", ["."]),
      ("RUN --mount=target=/x ls", ["."]), ("RUN --mount=type=bind,source=a/,dst=/x ls", ["a"]),
      ("RUN --mount=src=*,dst=/x ls", ["*"]), ("RUN --mount=type=cache,target=/x,source=a ls", []),
      ("RUN COPY a b", []),
      ("ONBUILD COPY a /", []), ("ADD --chown=1 a b", ["a"]), ("COPY -- a b", ["a"]), ("COPY a a /", ["a"]),
      ("ARG F=\"a b\"\nCOPY $F /", ["a b", "a", "b"]), ("COPY a\\*b /", ["a*b"]),
    ] as [(String, [String])])
  func theSourcesAreTheseSelectors(instruction: String, sources: [String]) {
    let facts = read("FROM base\n" + instruction)
    #expect(facts.errors.isEmpty)
    #expect(facts.sources == sources)
  }

  @Test func selectorsKnowPatternsAndExcludes() {
    let facts = read(
      "FROM a\nCOPY --exclude=*.o --exclude=!x.o --exclude=$X src lib* /\nRUN --mount=src=l*,dst=/x ls\nCOPY --parents --exclude=y z /"
    )
    #expect(
      facts.reach
        == .selected([
          ContextSelector(pattern: "src", isPattern: false, excludes: ["*.o", "!x.o"], isContentsOnly: true),
          ContextSelector(pattern: "lib*", isPattern: true, excludes: ["*.o", "!x.o"], isContentsOnly: true),
          ContextSelector(pattern: "l*", isPattern: false),
          ContextSelector(pattern: "z", isPattern: false, keepsParents: true),
        ]))
  }

  @Test func onlyNeededStagesAreInstructions() {
    func lines(_ text: String, target: String?) -> [String] {
      DockerfileReader.read(
        Array(text.utf8), file: "Dockerfile", buildArguments: [:], target: target, platform: .host
      ).instructions.map(\.canonical)
    }
    let text = "ARG V=1\nFROM a AS one\nRUN one\nFROM b AS two\nRUN two\nFROM c\nCOPY --from=two x /\n"
    #expect(lines(text, target: nil) == ["ARG V=1", "FROM b AS two", "RUN two", "FROM c", "COPY --from=two x /"])
    #expect(lines(text, target: "one") == ["ARG V=1", "FROM a AS one", "RUN one"])
  }

  @Test func onlyNeededStagesReach() {
    let text =
      "FROM a AS one\nCOPY x /\nFROM b AS two\nCOPY y /\nFROM c\nCOPY --from=two y /\nRUN --mount=src=z,dst=/z ls"
    #expect(read(text).sources == ["y", "z"])
    #expect(read(text, target: "one").sources == ["x"])
  }

  @Test(
    arguments: [
      ("FROM a\nONBUILD COPY x /\nCOPY y /\nonbuild  RUN \\\n  true $V", ["COPY x /", "RUN   true $V"]),
      ("FROM a AS one\nONBUILD COPY x /\nFROM one", []), ("FROM a AS one\nONBUILD COPY x /\nFROM b\nRUN true", []),
      ("FROM a\nRUN true", []), ("# syntax=other/builder\nFROM a", nil),
    ] as [(String, [String]?)])
  func anImageKeepsTheTriggersOfItsLastStage(text: String, triggers: [String]?) {
    let facts = DockerfileReader.read(
      Array(text.utf8), file: "Dockerfile", buildArguments: [:], target: nil, platform: .host)
    #expect(facts.triggers == triggers)
  }

  @Test func theTriggersOfAStageReachInStagesBuiltFromIt() {
    #expect(read("FROM a AS one\nONBUILD COPY x /\nCOPY y /\nFROM one\nCOPY z /").sources == ["y", "x", "z"])
  }
}
