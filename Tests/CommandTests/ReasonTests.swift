import BuildRecords
import ImageModel
import JSONText
import Testing

@testable import coppice

@Suite struct ReasonTests {
  private static let upstream = ArtifactID(kind: .docker, name: "casa-test", tag: "debian-12")
  private static let one = Digest.sha256("one")
  private static let two = Digest.sha256("two")
  private static let dockerfile = SourceLocation(file: "/r/share/docker/x/Dockerfile", line: 12, column: 1)

  private static let cases: [(StaleReason, String, String)] = [
    (.neverBuilt, "never built", #"{"kind":"neverBuilt"}"#),
    (.outputMissing("sif/x.sif"), "missing: sif/x.sif", #"{"kind":"outputMissing","what":"sif/x.sif"}"#),
    (.outputDamaged("blob"), "damaged: blob", #"{"kind":"outputDamaged","what":"blob"}"#),
    (
      .inputsChanged([
        InputChange(
          .dockerfile, .modified, "3", before: "RUN a", after: "RUN apt-get install gcc", location: dockerfile)
      ]), "Dockerfile:12 changed: RUN apt-get install gcc",
      #"{"kind":"inputsChanged","changes":[{"what":"dockerfile","change":"modified","path":"Dockerfile","line":12,"#
        + #""before":"RUN a","after":"RUN apt-get install gcc"}]}"#
    ),
    (
      .inputsChanged([InputChange(.context, .modified, "data/x.txt")]), "context file data/x.txt modified",
      #"{"kind":"inputsChanged","changes":[{"what":"context","change":"modified","path":"data/x.txt"}]}"#
    ),
    (
      .inputsChanged([InputChange(.argument, .modified, "JOBS", before: "4", after: "8")]),
      "build argument JOBS changed 4 → 8",
      #"{"kind":"inputsChanged","changes":[{"what":"argument","change":"modified","name":"JOBS","before":"4","#
        + #""after":"8"}]}"#
    ),
    (
      .upstreamWillRebuild(upstream), "upstream docker/casa-test:debian-12 will be built",
      #"{"kind":"upstreamWillRebuild","id":"docker/casa-test:debian-12"}"#
    ),
    (
      .upstreamChanged(upstream, from: one, to: two),
      "upstream docker/casa-test:debian-12 changed sha256:\(one.short)… → sha256:\(two.short)…",
      #"{"kind":"upstreamChanged","id":"docker/casa-test:debian-12","from":"\#(one)","to":"\#(two)"}"#
    ),
    (
      .baseMoved("ubuntu:24.04", from: one, to: two),
      "base ubuntu:24.04 moved sha256:\(one.short)… → sha256:\(two.short)…",
      #"{"kind":"baseMoved","reference":"ubuntu:24.04","from":"\#(one)","to":"\#(two)"}"#
    ),
    (.forced("security"), "forced: security", #"{"kind":"forced","reason":"security"}"#),
    (
      .tooOld(since: 0), "older than max_age allows: last built from scratch on 1970-01-01T00:00:00Z",
      #"{"kind":"tooOld","since":0}"#
    ),
  ]

  @Test func anEditOfADockerfileThatIsCopiedIsToldOnce() {
    func file(_ name: String, _ before: String, _ after: String) -> InputChange {
      InputChange(.context, .modified, name, before: "file \(before)", after: "file \(after)")
    }
    let line = InputChange(.dockerfile, .modified, "", before: "RUN a", after: "RUN b", location: Self.dockerfile)
    let text = file("Dockerfile", "0644 \(Self.one)", "0644 \(Self.two)")
    #expect(ReasonText.lines([.inputsChanged([line, text])]) == ["Dockerfile:12 changed: RUN b"])
    // A comment is seen in the copy alone, and permissions are no text.
    #expect(ReasonText.lines([.inputsChanged([text])]) == ["context file Dockerfile modified"])
    let mode = file("Dockerfile", "0644 \(Self.one)", "0755 \(Self.two)")
    #expect(ReasonText.lines([.inputsChanged([line, mode])]).count == 2)
    #expect(
      ReasonText.lines([.inputsChanged([line, file("x/Dockerfile", "0644 \(Self.one)", "0644 \(Self.two)")])]).count
        == 2)
  }

  @Test func aNearMissSaysWhetherSomethingWasChanged() {
    #expect(ReasonText.nearMiss([], [.forced("a")], from: "x") == "")
    #expect(
      ReasonText.nearMiss(["/a", "/b"], [.forced("a")], from: "x")
        == "near miss: only these paths differ from x: /a, /b")
    #expect(
      ReasonText.nearMiss(["/a"], [.upstreamChanged(Self.upstream, from: Self.one, to: Self.two)], from: "x")
        == "near miss: beyond what was changed only these paths differ from x: /a")
  }

  @Test(arguments: cases.indices)
  func everyReasonHasALineAndAnObject(index: Int) throws {
    let (reason, text, json) = Self.cases[index]
    #expect(ReasonText.line(reason) == text)
    #expect(reason.json().text == json)
    #expect(ReasonText.lines([reason]) == [text])
  }

  @Test(arguments: InputGroup.allCases)
  func aChangeThatIsKnownByItsGroupOnlyStillHasWords(group: InputGroup) {
    let change = InputChange(group, .modified, "")
    #expect(ChangeText.line(change).hasSuffix("changed"))
    #expect(change.json["what"] == .string(group.rawValue))
  }

  @Test func aSummaryCountsWhatItLeavesOut() {
    let changes = (1...3).map { InputChange(.context, .added, "f\($0)") }
    #expect(ReasonText.summary([.inputsChanged(changes), .neverBuilt]) == "context file f1 added (and 3 more)")
    #expect(ReasonText.summary([.neverBuilt]) == "never built")
    #expect(ReasonText.lines([.inputsChanged(changes), .neverBuilt]).count == 4)
  }

  private static func context(
    _ kind: InputChange.Kind, _ before: String?, _ after: String?, name: String = "f"
  ) -> InputChange { InputChange(.context, kind, name, before: before, after: after) }

  @Test func whatOfAFileChangedIsSaid() {
    let (first, second) = ("sha256:\(Self.one.hex)", "sha256:\(Self.two.hex)")
    for (before, after, expected) in [
      ("file 0644 \(first)", "file 0644 \(second)", "context file f modified"),
      ("file 0644 \(first)", "file 0755 \(first)", "context file f modified: mode 0644 → 0755"),
      ("file 0644 \(first)", "file 0755 \(second)", "context file f modified: mode 0644 → 0755 and contents"),
      ("directory 0755", "directory 0700", "context directory f modified: mode 0755 → 0700"),
      ("link a b", "link c", "context link f modified: a b → c"),
      ("file 0644 \(first)", "link c", "context file f modified: file → link to c"),
      ("link c", "directory 0755", "context link f modified: link to c → directory"),
    ] { #expect(ChangeText.line(Self.context(.modified, before, after)) == expected) }
    #expect(
      ChangeText.details(Self.context(.modified, "file 0644 \(first)", "file 0644 \(second)")) == [
        "contents sha256:\(Self.one.short)… → sha256:\(Self.two.short)…"
      ])
    let secret = InputChange(
      .argument, .modified, "TOKEN", before: "digest of value \(Self.one)", after: "digest of value \(Self.two)")
    #expect(
      ChangeText.line(secret)
        == "build argument TOKEN changed a value with sha256:\(Self.one.short)… → a value with sha256:\(Self.two.short)…"
    )
  }

  @Test func aFileWithAnotherNameIsOneChange() {
    let value = "file 0644 \(Self.one)"
    var changes = [
      Self.context(.added, nil, value, name: "b"), Self.context(.removed, value, nil, name: "a"),
      Self.context(.removed, value, nil, name: "c"), Self.context(.added, nil, "file 0644 \(Self.two)", name: "d"),
    ]
    #expect(
      ReasonText.lines([.inputsChanged(changes)]) == [
        "context file renamed a → b", "context file c removed", "context file d added",
      ])
    // Empty files are all alike, and what the ignore file did is no renaming.
    let empty = "file 0644 \(Digest.sha256(""))"
    #expect(
      ReasonText.lines([
        .inputsChanged([Self.context(.removed, empty, nil, name: "a"), Self.context(.added, nil, empty, name: "b")])
      ]).count == 2)
    changes[0].causes = [.ignoreFile(".dockerignore")]
    #expect(
      ReasonText.lines([.inputsChanged(Array(changes[..<2]))]) == [
        "context file b added (.dockerignore changed)", "context file a removed",
      ])
  }

  @Test func carriageReturnsAndEscapesOfADiffAreShownAndDoNothing() {
    var change = Self.context(.modified, "file 0644 \(Self.one)", "file 0644 \(Self.two)")
    change.diff = ["-a\r", "+a\u{1B}[2J"]
    #expect(ChangeText.details(change) == ["-a␍", "+a"])
  }

  @Test func aReasonIsAlwaysOneLine() {
    let change = InputChange(.dockerfile, .added, "", after: "RUN <<EOF\necho\u{1B}[2J hi\nEOF")
    #expect(ChangeText.line(change) == "Dockerfile added: RUN <<EOF echo hi EOF")
  }
}
