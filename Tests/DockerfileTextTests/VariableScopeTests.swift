import DockerfileText
import ImageModel
import Testing

@Suite struct VariableScopeTests {
  @Test(
    arguments: [
      // A global argument reaches FROM, and a stage only when it declares it.
      ("ARG V=1\nFROM b:$V\nARG V\nCOPY $V /", "from b:1", "1"),
      ("ARG V=1\nFROM scratch\nCOPY x$V /", nil, "x"),
      // The default of the stage wins over the global one.
      ("ARG V=1\nFROM scratch\nARG V=2\nCOPY $V /", nil, "2"),
      ("ARG A=1\nARG B=${A}2\nFROM b:$B", "from b:12", nil),
      ("ARG A=1 B=2\nFROM b:$A$B", "from b:12", nil),
      ("ARG A=\"b:1\"\nFROM $A", "from b:1", nil),
      ("FROM scratch\nARG A=1\nARG B=$A-2\nCOPY $B /", nil, "1-2"),
      ("FROM scratch\nENV A=1 B=2\nENV C=$A$B A=3\nCOPY $C$A /", nil, "123"),
      ("FROM scratch\nENV A the rest of it\nCOPY [\"$A\",\"/\"]", nil, "the rest of it"),
      ("FROM scratch\nENV A='x y'\\ z\nCOPY [\"$A\",\"/\"]", nil, "x y z"),
      ("FROM scratch AS a\nENV A=1\nFROM a\nCOPY $A /", nil, "1"),
      ("FROM scratch\nARG A=1\nENV A=2\nCOPY $A /", nil, "2"),
      ("FROM scratch\nENV A=2\nARG A\nCOPY $A /", nil, "2"), ("FROM b\nARG A=1\nCOPY $A /", "from b", "1"),
      ("FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /", nil, "arm"),
      ("FROM b:$TARGETOS-$TARGETARCH$TARGETVARIANT-$TARGETSTAGE", "from b:linux-armv7-default", nil),
      ("FROM --platform=$BUILDPLATFORM b", "from b", nil),
    ] as [(String, String?, String?)])
  func valuesComeFromWhereBuildKitTakesThem(text: String, use: String?, source: String?) {
    let facts = read(text)
    #expect(facts.diagnostics.filter { $0.severity != .note }.isEmpty)
    #expect(facts.used == (use.map { [$0] } ?? []))
    if let source { #expect(facts.sources?.first == source) }
  }

  @Test func buildArgumentsWinOverEveryDefault() {
    let text = "ARG V=1\nFROM b:$V\nARG V=2\nARG W=3\nCOPY $V$W /"
    let facts = read(text, arguments: ["V": "9"])
    #expect(facts.used == ["from b:9"])
    #expect(facts.sources == ["93"])
  }

  @Test func aBuildArgumentThatNoArgDeclaresIsNotSeen() {
    #expect(read("FROM b:$V", arguments: ["V": "1"]).errors.count == 1)
    #expect(read("FROM scratch\nCOPY x$V /", arguments: ["V": "1"]).sources == ["x"])
  }

  @Test(arguments: [
    // Only the engine knows the environment of a base image.
    "FROM ubuntu\nCOPY $HOME/x /", "FROM ubuntu\nARG A\nCOPY $A /", "FROM ubuntu\nENV A=$HOME\nCOPY $A /",
    "FROM ubuntu AS a\nFROM a\nCOPY $HOME/x /", "FROM ubuntu\nRUN --mount=source=$HOME,target=/x ls",
    "FROM scratch\nCOPY $PATH /",
    // Engines disagree.
    "FROM scratch\nENV A=1\nARG A=2\nCOPY $A /", "FROM scratch AS a\nARG A=1\nFROM a\nCOPY $A /",
  ])
  func anUnknowableSourceReachesTheWholeContext(text: String) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.sources == nil)
    #expect(facts.diagnostics.contains { $0.severity == .note && $0.sourceLine?.contains("$") == true })
  }

  @Test func whatTheTargetDoesNotNeedMayBeUnknowable() {
    let text = "FROM ubuntu AS a\nCOPY $HOME /\nFROM scratch\nCOPY x /"
    #expect(read(text).sources == ["x"])
    #expect(read(text, target: "A").sources == nil)
  }
}
