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
      .tooOld(since: 0), "too old: last built from scratch on 1970-01-01T00:00:00Z",
      #"{"kind":"tooOld","since":0}"#
    ),
  ]

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
    #expect(ReasonText.line(change).hasSuffix("changed"))
    #expect(change.json["what"] == .string(group.rawValue))
  }

  @Test func aSummaryCountsWhatItLeavesOut() {
    let changes = (1...3).map { InputChange(.context, .added, "f\($0)") }
    #expect(ReasonText.summary([.inputsChanged(changes), .neverBuilt]) == "context file f1 added (and 3 more)")
    #expect(ReasonText.summary([.neverBuilt]) == "never built")
    #expect(ReasonText.lines([.inputsChanged(changes), .neverBuilt]).count == 4)
  }

  @Test func aReasonIsAlwaysOneLine() {
    let change = InputChange(.dockerfile, .added, "", after: "RUN <<EOF\necho\u{1B}[2J hi\nEOF")
    #expect(ReasonText.line(change) == "Dockerfile added: RUN <<EOF echo hi EOF")
  }
}
