import BuildEngine
import ImageModel
import JSONText
import Testing

@testable import coppice

@Suite struct PlainReporterTests {
  private func report(_ detail: ProgressLog.Detail, _ events: [BuildEvent]) -> (output: Recording, errors: Recording) {
    let (output, errors) = (Recording(), Recording())
    let reporter = PlainReporter(
      output: output.output, errorOutput: errors.output, detail: detail, diagnostics: DiagnosticText(directory: "/r"))
    for event in events { reporter.report(event) }
    return (output, errors)
  }

  @Test func everyStepHasItsLines() {
    let (output, errors) = report(.normal, RecordedBuild.events)
    #expect(
      output.text == """
        4 steps to run, about 30.0 s
        [1/4] docker/base:1: building: context file x.txt modified
        [1/4] docker/base:1: built in 12.3 s
        [2/4] docker/left:1: building: upstream docker/base:1 will be built
        [3/4] docker/right:1: building: never built
        [3/4] docker/right:1: unchanged, it came out identical, in 1.0 s
        [2/4] docker/left:1: failed after 2.0 s
        [4/4] sif/left:1: skipped, an upstream failed
        1 built, 1 unchanged, 1 failed, 1 skipped in 15.3 s
          help: 'coppice log docker/left:1' shows the whole log; -k builds what does not depend on it

        """)
    #expect(
      errors.text == """
        coppice: error: docker/left:1: RUN make exited with 2
          | cc x.c
          | x.c:1: error
          log: .coppice/logs/1.log
          help: fix it

        """)
  }

  @Test func outputIsShownWhenAskedFor() {
    #expect(report(.verbose, RecordedBuild.events).output.lines.contains("[1/4] docker/base:1 | Step 1"))
    #expect(!report(.normal, RecordedBuild.events).output.text.contains("Step 1"))
  }

  @Test func quietSaysOnlyWhatFailed() {
    let (output, errors) = report(.quiet, RecordedBuild.events)
    #expect(output.text == "")
    #expect(errors.text.contains("RUN make exited with 2"))
  }

  @Test func nothingToDoIsSaid() {
    let (output, _) = report(.normal, [.planned(steps: [], expected: nil), .done(BuildSummary())])
    #expect(output.text == "nothing to build: everything asked for is current\n")
  }

  @Test func anInterruptedBuildSaysHowToGoOn() {
    var summary = BuildSummary()
    summary.isInterrupted = true
    let (output, _) = report(.normal, [RecordedBuild.planned, .done(summary)])
    #expect(output.lines.suffix(3).first == "interrupted: nothing was built")
  }

  @Test func earlyCutoffIsTold() {
    let (output, _) = report(.normal, [RecordedBuild.planned, .current(RecordedBuild.left)])
    #expect(output.lines[1] == "[1/4] docker/left:1: current, its upstreams came out identical")
  }
}

@Suite struct JSONReporterTests {
  private func report(_ events: [BuildEvent], isClosed: Bool = true) -> (output: Recording, errors: Recording) {
    let (output, errors) = (Recording(), Recording())
    let clock = ManualClock()
    let reporter = JSONReporter(output: output.output, errorOutput: errors.output, stopwatch: Stopwatch(clock))
    clock.advance(.milliseconds(1500))
    for event in events { reporter.report(event) }
    if isClosed { reporter.close() }
    return (output, errors)
  }

  @Test func standardOutputHoldsTheContractsEventsOnly() {
    let (output, errors) = report(RecordedBuild.events)
    #expect(
      output.text == """
        {"event":"started","id":"docker/base:1"}
        {"event":"finished","id":"docker/base:1","outcome":"built","seconds":12.345}
        {"event":"started","id":"docker/left:1"}
        {"event":"started","id":"docker/right:1"}
        {"event":"finished","id":"docker/right:1","outcome":"unchanged","seconds":1.0}
        {"event":"finished","id":"docker/left:1","outcome":"failed","seconds":2.0}
        {"event":"finished","id":"sif/left:1","outcome":"skipped","seconds":0.0}
        {"event":"done","built":1,"unchanged":1,"restored":0,"failed":1,"skipped":1,"seconds":15.25}

        """)
    #expect(errors.text.contains("RUN make exited with 2"))
  }

  @Test func everyLineParsesAndDoneIsTheLastAndOnlyOne() throws {
    for events in [RecordedBuild.events, Array(RecordedBuild.events.dropLast(2)), []] {
      let lines = report(events).output.text.split(separator: "\n")
      let names = try lines.map { try #require(try JSONValue(parsing: Array($0.utf8))["event"]?.string) }
      #expect(names.last == "done")
      #expect(names.count { $0 == "done" } == 1)
    }
  }

  @Test func aBuildThatEndsWithoutAWordIsClosedWithWhatWasCounted() {
    let (output, _) = report(Array(RecordedBuild.events.prefix(4)))
    #expect(
      output.lines.suffix(2).first
        == #"{"event":"done","built":1,"unchanged":0,"restored":0,"failed":0,"skipped":0,"seconds":1.5}"#)
  }
}
