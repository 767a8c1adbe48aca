import BuildEngine
import ImageModel
import JSONText
import Testing

@testable import coppice

@Suite struct ReportTests {
  private static let base = ArtifactID(kind: .docker, name: "base", tag: "1")
  private static let top = ArtifactID(kind: .docker, name: "top", tag: "1")
  private static let file = ArtifactID(kind: .sif, name: "top", tag: "1")
  private static let change = StaleReason.inputsChanged([
    InputChange(
      .dockerfile, .modified, "1", after: "RUN x", location: SourceLocation(file: "/r/base/Dockerfile", line: 12))
  ])

  @Test func theListIsSortedInBothForms() {
    let report = ListReport([
      .init(id: Self.top, definition: "r/top/1", path: "top/1", uses: [Self.base], orderOnly: [Self.file]),
      .init(id: Self.base, definition: "r/base/1", path: "base/1", bases: ["ubuntu:24.04"], note: "builtin"),
    ])
    #expect(
      report.json.text
        == #"{"artifacts":[{"id":"docker/base:1","kind":"docker","definition":"base/1","directory":"r/base/1","#
        + #""uses":[],"orderOnly":[],"#
        + #""bases":["ubuntu:24.04"]},{"id":"docker/top:1","kind":"docker","definition":"top/1","directory":"r/top/1","#
        + #""uses":["docker/base:1"],"orderOnly":["sif/top:1"],"bases":[]}]}"#)
    #expect(
      report.text(style: .plain) == """
        ARTIFACT       MADE FROM      DEFINITION
        docker/base:1  ubuntu:24.04   r/base/1    builtin
        docker/top:1   docker/base:1  r/top/1

        """)
  }

  @Test func statusKeepsTheContract() {
    let report = StatusReport([
      (Self.file, .current), (Self.top, .stale([.upstreamWillRebuild(Self.base)])), (Self.base, .stale([Self.change])),
    ])
    #expect(!report.isCurrent)
    #expect(
      report.json.text
        == #"{"artifacts":[{"id":"docker/base:1","state":"stale","reasons":[{"kind":"inputsChanged","changes":"#
        + #"[{"what":"dockerfile","change":"modified","path":"Dockerfile","line":12,"after":"RUN x"}]}]},"#
        + #"{"id":"docker/top:1","state":"may","reasons":[{"kind":"upstreamWillRebuild","id":"docker/base:1"}]},"#
        + #"{"id":"sif/top:1","state":"current","reasons":[]}]}"#)
    #expect(
      report.text(style: .plain, showsCurrent: false) == """
        stale    docker/base:1
                 Dockerfile:12 changed: RUN x
        may      docker/top:1
                 upstream docker/base:1 will be built
        1 stale, 1 may be built, 1 current

        """)
    #expect(report.text(style: .plain, showsCurrent: true).contains("current  sif/top:1\n"))
    #expect(
      StatusReport([(Self.file, .current)]).text(style: .plain, showsCurrent: false)
        == "everything is current (1 artifact)\n")
  }

  @Test func explainGoesFromTheTargetToTheRootCause() {
    let report = ExplainReport(
      id: Self.top, state: .may,
      chain: [
        .init(id: Self.top, reasons: [.upstreamWillRebuild(Self.base)]), .init(id: Self.base, reasons: [Self.change]),
      ])
    #expect(report.json["chain"]?.array?.compactMap { $0["id"]?.string } == ["docker/top:1", "docker/base:1"])
    #expect(report.json["state"] == "may")
    #expect(
      report.text(style: .plain) == """
        docker/top:1 may be built: its upstreams decide
          upstream docker/base:1 will be built
        because of docker/base:1
          Dockerfile:12 changed: RUN x
            at /r/base/Dockerfile:12

        """)
  }

  @Test func explainShowsLinesParametersAndBuildsOfThePast() {
    var change = InputChange(
      .dockerfile, .modified, "", before: "FROM a", after: "FROM b",
      location: SourceLocation(file: "/r/base/Dockerfile.template", line: 1, column: 1))
    change.diff = ["-FROM a", "+FROM b"]
    change.causes = [
      .parameter("base", before: "a", after: "b", location: SourceLocation(file: "/r/base/d.yaml", line: 4, column: 7))
    ]
    let report = ExplainReport(
      id: Self.top, state: .stale,
      chain: [
        .init(id: Self.top, reasons: [.upstreamChanged(Self.base, from: .sha256("1"), to: .sha256("2"))]),
        .init(id: Self.base, reasons: [.inputsChanged([change, change])], build: 7, note: "no more"),
      ])
    #expect(
      report.text(style: .plain, shown: \.name) == """
        docker/top:1 is stale
          upstream docker/base:1 changed sha256:\(Digest.sha256("1").short)… → sha256:\(Digest.sha256("2").short)…
        because of docker/base:1 in build 7
          Dockerfile.template:1 changed: FROM b
            at Dockerfile.template:1:1
            -FROM a
            +FROM b
            Dockerfile.template: %(base)s = a → b
            at d.yaml:4:7
          Dockerfile.template:1 changed: FROM b
            at Dockerfile.template:1:1
            -FROM a
            +FROM b
          no more

        """)
    let links = report.json["chain"]?.array ?? []
    #expect(links[0]["causes"] == ["docker/base:1"])
    #expect(links[1]["build"] == 7)
    let first = links[1]["reasons"]?[0]?["changes"]?[0]
    #expect(first?["diff"] == ["-FROM a", "+FROM b"])
    #expect(first?["causes"]?[0]?["location"] == ["file": "d.yaml", "line": 4, "column": 7])
  }

  @Test func historyNamesNumberDateAndReason() {
    let report = HistoryReport(builds: [
      .init(
        number: 12, id: Self.base, start: 1_700_000_000, duration: .milliseconds(133_250), outcome: .built,
        reasons: [.forced("security")], log: "/r/12.log")
    ])
    #expect(
      report.json.text
        == #"{"builds":[{"number":12,"id":"docker/base:1","start":"2023-11-14T22:13:20Z","seconds":133.25,"#
        + #""outcome":"built","reasons":[{"kind":"forced","reason":"security"}],"log":"/r/12.log"}]}"#)
    #expect(
      report.text(style: .plain) == """
        BUILD  DATE                  ARTIFACT       OUTCOME      TIME  WHY
           12  2023-11-14T22:13:20Z  docker/base:1  built    2 m 13 s  forced: security

        """)
  }

  @Test func everyReasonHasALineBelowTheTableWhereThereIsMoreThanOne() {
    func lines(_ reasons: [StaleReason], omitted: Int = 0) -> [Substring] {
      HistoryReport(builds: [
        .init(
          number: 1, id: Self.base, start: 0, duration: .zero, outcome: .built, reasons: reasons, omitted: omitted)
      ]).text(style: .plain, showsAll: true).split(separator: "\n").dropFirst(2) + []
    }
    #expect(lines([.forced("a")]) == [])
    #expect(lines([.forced("a"), .neverBuilt]) == ["       forced: a", "       never built"])
    #expect(lines([.forced("a")], omitted: 2) == ["       forced: a", "       and 2 more changes"])
  }

  @Test func aDryRunTellsWhatWouldBeDoneAndWhy() {
    let report = PlanReport(
      steps: [
        .init(id: Self.base, reasons: [Self.change], expected: .seconds(90)),
        .init(id: Self.file, reasons: [.upstreamWillRebuild(Self.base)], expected: nil),
      ], expected: .seconds(100))
    #expect(
      report.text(style: .plain) == """
        [1/2] docker/base:1 would be built, about 1 m 30 s
              Dockerfile:12 changed: RUN x
        [2/2] sif/top:1 may be converted
              upstream docker/base:1 will be built
        1 to build, 1 may be built, about 1 m 40 s

        """)
    let restored = PlanReport(
      steps: [
        .init(id: Self.base, reasons: [Self.change], expected: nil, isRestorable: true),
        .init(id: Self.file, reasons: [.upstreamWillRebuild(Self.base)], expected: nil, isRestorable: true),
      ], expected: nil)
    #expect(restored.text(style: .plain).hasSuffix("\n2 to restore\n"))
    #expect(PlanReport(steps: [], expected: nil).text(style: .plain).hasPrefix("nothing to build"))
  }

  @Test func aDiagnosticBecomesAnObject() {
    let place = SourceLocation(file: "a.yaml", line: 3, column: 5)
    #expect(
      DiagnosticJSON.value([Diagnostic(.error, "bad", at: place, help: "do"), Diagnostic(.note, "n")]).text
        == #"{"diagnostics":[{"severity":"error","message":"bad","file":"a.yaml","line":3,"column":5,"help":"do"},"#
        + #"{"severity":"note","message":"n"}]}"#)
  }
}
