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
      ("FROM scratch\nENV A=2\nARG A\nCOPY $A /", nil, "2"), ("FROM b\nENV A=1\nCOPY $A /", "from b", "1"),
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

  private static let base = "docker.io/library/b:latest"

  /// Of `b`, which has A and lacks B, and was not asked for more.
  private static let known: ImageEnvironment = {
    var environment = ImageEnvironment(root: .image(base))
    environment.answers = ["A": "base", "B": nil]
    return environment
  }()

  /// What is read with a base that was asked, with one that was not, and for what that one must be asked.
  @Test(
    arguments: [
      // ENV of the base wins over ARG with buildah and the classic builder, with BuildKit the later of both.
      ("ARG A=1\nCOPY $A /", nil, ["1"], ["A"]), ("ARG A\nCOPY $A /", ["base"], nil, ["A"]),
      ("ARG A=base\nCOPY $A /", ["base"], ["base"], ["A"]), ("ARG B=1\nCOPY $B /", ["1"], ["1"], ["B"]),
      ("ARG B\nCOPY x$B /", ["x"], nil, ["B"]), ("COPY $A/x /", ["base/x"], nil, ["A"]),
      ("ARG C=1\nCOPY $C /", ["1"], ["1"], ["C"]), ("COPY $C /", nil, nil, ["C"]),
      ("ARG A=1\nENV A=2\nCOPY $A /", ["2"], ["2"], []), ("ENV A=2\nARG A=1\nCOPY $A /", nil, nil, []),
      ("ENV A=2\nARG A=2\nCOPY $A /", ["2"], ["2"], []),
      ("ARG A=1\nARG V=$A-x\nENV W=$V/y\nCOPY $W /", nil, ["1-x/y"], ["A", "V"]),
      ("ARG B=1\nENV W=$B/y\nCOPY $W /", ["1/y"], ["1/y"], ["B"]), ("ENV W=$A/y\nCOPY $W /", ["base/y"], nil, ["A"]),
      ("ARG A=1\nENV A=$A\nCOPY $A /", nil, ["1"], ["A"]), ("ARG A=1\nRUN $A\nCOPY x /", ["x"], ["x"], []),
      ("ARG A=1\nCOPY ${B:-$A} /", nil, nil, ["A", "B"]), ("ENV B=1\nARG A=1\nCOPY ${B:-$A} /", ["1"], ["1"], []),
      ("ARG A=1\nRUN --mount=source=d$A,target=/x ls", nil, ["d1"], ["A"]),
      ("ARG B=bind\nRUN --mount=type=$B,source=d,target=/x ls", ["d"], ["d"], ["B"]),
      ("ARG A=s\nCOPY --from=$A x /\nCOPY x /", nil, ["x"], ["A"]), ("COPY $PATH /", nil, nil, ["PATH"]),
      ("ARG PATH=x\nCOPY $PATH /", nil, nil, ["PATH"]), ("ARG A=1\nFROM scratch\nCOPY x /", ["x"], ["x"], []),
      // Through stages: what ENV sets goes on, and so does the base; of an ARG only BuildKit knows.
      ("FROM one\nCOPY $A /", ["base"], nil, ["A"]), ("FROM one\nARG A=1\nCOPY $A /", nil, ["1"], ["A"]),
      ("ARG B=1\nENV C=$B\nFROM one\nCOPY $C /", ["1"], ["1"], ["B"]),
      ("ARG B=1\nFROM one\nCOPY $B /", nil, nil, []), ("ARG A=1\nFROM one\nARG B=2\nCOPY $B /", ["2"], ["2"], ["B"]),
    ] as [(String, [String]?, [String]?, Set<String>)])
  func variablesOfTheBaseDecideAsInEngines(text: String, known: [String]?, open: [String]?, asked: Set<String>) {
    let text = "FROM b AS one\n" + text
    let facts = read(text, environments: [Self.base: Self.known])
    #expect(facts.sources == known)
    let unasked = read(text)
    #expect(unasked.sources == open)
    #expect(unasked.askedVariables[Self.base] ?? [] == asked)
    #expect(unasked.errors.isEmpty)
  }

  @Test func anImageHandsItsVariablesOnWithWhatTheyWereMadeOf() {
    let environment = read(
      "FROM b AS one\nENV A=1\nARG V=2\nENV B=$V C=$HOME D=$A\nFROM one\nARG X=3\nENV E=$B-x"
    ).environment
    #expect(environment.root == .image(Self.base))
    #expect(environment.names(behind: "A") == [] && environment.names(behind: "B") == ["V"])
    #expect(environment.names(behind: "E") == ["V"] && environment.names(behind: "F") == ["F"])
    let expected: [(String, ImageEnvironment.Answer)] = [
      ("A", .value("1")), ("B", .value("2")), ("C", .unknown), ("D", .value("1")), ("E", .value("2-x")), ("F", .open),
      ("X", .open), ("PATH", .unknown),
    ]
    for (name, answer) in expected { #expect(environment[name] == answer, "\(name)") }
    var wrong = environment
    wrong.answers = ["V": "other", "F": "f", "G": nil]
    #expect(wrong["B"] == .unknown && wrong["A"] == .value("1") && wrong["F"] == .value("f") && wrong["G"] == .unset)
    #expect(read("FROM scratch\nENV A=1").environment["B"] == .unset)
    for text in ["FROM b\nENV \"$HOME\"=1", "FROM b\nSETENV A=1", "# syntax=x/y\nFROM b"] {
      #expect(read(text).environment["A"] == .unknown, "\(text)")
    }
  }

  /// What is known of an image of the tree is known in the next.
  @Test func environmentsGoFromDockerfileToDockerfile() {
    let lower = read("FROM b\nARG V=2\nENV A=1 B=$V").environment
    let upper = read(
      "FROM tree/low\nENV C=$A$B", environments: ["docker.io/tree/low:latest": lower]
    ).environment
    #expect(upper.root == .image(Self.base) && upper["C"] == .value("12") && upper.names(behind: "C") == ["V"])
    let facts = read("FROM tree/up\nARG C=0\nCOPY x$A /", environments: ["docker.io/tree/up:latest": upper])
    #expect(facts.sources == ["x1"] && facts.askedVariables == ["docker.io/tree/up:latest": ["A"]])
    let clash = read("FROM tree/up\nARG C=0\nCOPY x$C /", environments: ["docker.io/tree/up:latest": upper])
    #expect(clash.sources == nil)
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
