import BuildEngine
import ImageModel
import JSONText
import Testing

@testable import coppice

/// Bytes on their way, shown to people and told to programs.
@Suite struct TransferProgressTests {
  private struct Setting {
    let transfers: TransferProgress
    let recording = Recording()
    let clock = ManualClock()

    init(_ form: TransferProgress.Form, columns: Int = 80) {
      transfers = TransferProgress(
        form, output: recording.output, stopwatch: Stopwatch(clock),
        size: { TerminalSize(columns: columns, rows: 24) })
    }

    /// 100 MB in ten seconds, a release of one name, the end.
    func play() {
      transfers.begin(image)
      for _ in 0..<100 {
        clock.advance(.milliseconds(100))
        transfers.add(1_000_000, to: image)
      }
      transfers.end(image)
      transfers.tell("hub/base:1 is published at hub", JSONObject([("event", "switched"), ("name", "hub/base:1")]))
    }
  }

  private static let image = Transfer(way: .sending, what: "docker/base:1", place: "hub", total: 100_000_000)

  @Test func linesSayWhatBeginsHowFarItIsAndHowItEnded() {
    let setting = Setting(.plain)
    setting.play()
    setting.transfers.close()
    #expect(
      setting.recording.text == """
        sending docker/base:1 to hub, 100 MB
        docker/base:1: 100 MB of 100 MB, 10 MB/s
        sent docker/base:1 to hub: 100 MB in 10.0 s, 10 MB/s
        hub/base:1 is published at hub

        """)
  }

  @Test func aTerminalShowsOneLineThatIsDrawnAgain() {
    let setting = Setting(.terminal)
    setting.transfers.begin(Self.image)
    for _ in 0..<50 {
      setting.clock.advance(.milliseconds(100))
      setting.transfers.add(1_000_000, to: Self.image)
    }
    #expect(
      Screen.show(setting.recording.text, columns: 80) == [
        "sending docker/base:1 to hub: 50 MB of 100 MB, 10 MB/s, about 5.0 s left"
      ])
    setting.transfers.end(Self.image)
    setting.transfers.close()
    #expect(
      Screen.show(setting.recording.text, columns: 80).filter { !$0.isEmpty } == [
        "sent docker/base:1 to hub: 50 MB in 5.0 s, 10 MB/s"
      ])
  }

  @Test func programsGetEventsTwiceASecondAndOneEnd() throws {
    let setting = Setting(.events)
    setting.play()
    setting.transfers.close([("complete", true)])
    setting.transfers.close([("complete", false)])
    let events = try setting.recording.lines.filter { !$0.isEmpty }.map { try JSONValue(parsing: $0) }
    #expect(events.first?["event"]?.string == "started" && events.first?["total"]?.integer == 100_000_000)
    let progress = events.filter { $0["event"]?.string == "progress" }
    #expect(progress.count == 20)
    #expect(progress.map { $0["bytes"]?.integer ?? 0 } == (1...20).map { $0 * 5_000_000 })
    #expect(progress.last?["rate"]?.integer == 10_000_000)
    #expect(progress.allSatisfy { $0["id"]?.string == "docker/base:1" && $0["destination"]?.string == "hub" })
    #expect(events.filter { $0["event"]?.string == "finished" }.map { $0["bytes"]?.integer } == [100_000_000])
    #expect(events.filter { $0["event"]?.string == "done" }.map { $0["complete"]?.bool } == [true])
    #expect(events.last?["event"]?.string == "done")
  }

  @Test func whoWantsToHearNothingHearsNothing() {
    let setting = Setting(.quiet)
    setting.play()
    setting.transfers.close()
    #expect(setting.recording.text == "")
  }

  @Test func whatOthersNamedSteersNoTerminal() {
    let setting = Setting(.terminal)
    let file = Transfer(way: .downloading, what: "a\u{1B}[2J\nb.sif", place: "web", total: 5)
    setting.transfers.begin(file)
    setting.transfers.end(file)
    #expect(!setting.recording.text.contains("\u{1B}[2J") && !setting.recording.text.contains("\nb.sif"))
  }

  /// Whatever comes and is lost again: what is shown is never below zero, above what came, nor wider than the window.
  @Test(arguments: 0..<40) func anyCourseIsShown(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let columns = Int.random(in: 1...100, using: &random)
    let setting = Setting(.terminal, columns: columns)
    var meter = TransferMeter(at: .zero)
    let file = Transfer(way: .sending, what: "sif/日本:1", place: "web", total: Bool.random(using: &random) ? 1000 : nil)
    setting.transfers.begin(file)
    var (sum, time) = (0, Duration.zero)
    for _ in 0..<200 {
      let pause = Duration.milliseconds(Int.random(in: 0...400, using: &random))
      setting.clock.advance(pause)
      time += pause
      let count =
        Int.random(in: 0..<5, using: &random) == 0
        ? -Int.random(in: 0...sum, using: &random) : Int.random(in: 0...500, using: &random)
      sum += count
      setting.transfers.add(count, to: file)
      meter.add(count, at: time)
      #expect(meter.bytes == sum)
      #expect(meter.rate(at: time) ?? 0 >= 0)
    }
    // What stays is as long as it is.
    #expect(Screen.show(setting.recording.text, columns: columns).allSatisfy { DisplayWidth.of($0) <= columns })
    setting.transfers.end(file)
    #expect(meter.bytes == sum)
  }

  @Test func aFetchIsShownByAllReporters() throws {
    let id = RecordedBuild.base
    let fetching = [1, 2, 3, 4].map { BuildEvent.fetching(id, from: "hub", bytes: $0 * 10_000_000, size: 80_000_000) }
    let fetched = BuildEvent.fetched(id, from: "hub", bytes: 80_000_000, duration: .seconds(8), isHere: true)
    let (clock, screen, lines, events) = (ManualClock(), Recording(), Recording(), Recording())
    let reporters: [any BuildReporter] = [
      TerminalReporter(
        output: screen.output, style: .plain, diagnostics: DiagnosticText(), stopwatch: Stopwatch(clock),
        size: { TerminalSize(columns: 80, rows: 24) }),
      PlainReporter(output: lines.output, errorOutput: Recording().output),
      JSONReporter(output: events.output, errorOutput: Recording().output, stopwatch: Stopwatch(clock)),
    ]
    for event in fetching {
      clock.advance(.seconds(1))
      for reporter in reporters { reporter.report(event) }
    }
    #expect(
      Screen.show(screen.text, columns: 80)
        == ["fetching docker/base:1 from hub: 40 MB of 80 MB, 10 MB/s, about 4.0 s left"])
    clock.advance(.seconds(1))
    for reporter in reporters { reporter.report(fetched) }
    let end = "docker/base:1: fetched from hub, 80 MB in 8.0 s, 10 MB/s"
    #expect(Screen.show(screen.text, columns: 80).filter { !$0.isEmpty } == [end])
    #expect(lines.lines == ["fetching docker/base:1 from hub, 80 MB", end, ""])
    let told = try events.lines.filter { !$0.isEmpty }.map { try JSONValue(parsing: $0) }
    #expect(told.map { $0["event"]?.string } == ["fetching", "fetching", "fetching", "fetching", "fetched"])
    #expect(told.last?["bytes"]?.integer == 80_000_000 && told[3]["rate"]?.integer == 10_000_000)
  }
}
