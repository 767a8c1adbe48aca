import BuildEngine
import ImageModel
import Testing

@testable import coppice

@Suite struct TerminalReporterTests {
  private struct Setting {
    let clock = ManualClock()
    let recording = Recording()
    let reporter: TerminalReporter

    init(columns: Int = 80, rows: Int = 24) {
      reporter = TerminalReporter(
        output: recording.output, style: .plain, diagnostics: DiagnosticText(), stopwatch: Stopwatch(clock),
        size: { TerminalSize(columns: columns, rows: rows) })
    }

    func screen(columns: Int = 80) -> [String] { Screen.show(recording.text, columns: columns) }
  }

  @Test func whatRunsIsDrawnWithTimeAndLastLine() {
    let setting = Setting()
    for event in RecordedBuild.events.prefix(3) { setting.reporter.report(event) }
    setting.clock.advance(.seconds(5))
    #expect(setting.reporter.tick())
    #expect(
      setting.screen() == [
        "4 steps to run, about 30.0 s", "[0/4] 1 running, about 26.3 s left", "  docker/base:1      5.0 s  Step 1",
      ])
  }

  @Test func theBlockIsReplacedAndGoneAtTheEnd() {
    let setting = Setting()
    for event in RecordedBuild.events {
      setting.clock.advance(.milliseconds(150))
      setting.reporter.report(event)
    }
    #expect(!setting.reporter.tick())
    let screen = setting.screen()
    #expect(!screen.contains { $0.contains("running") })
    #expect(screen.contains("[1/4] docker/base:1: built in 12.3 s (context file x.txt modified)"))
    #expect(screen.contains("coppice: error: docker/left:1: RUN make exited with 2"))
    #expect(screen.contains("1 built, 1 unchanged, 1 failed, 1 skipped in 15.3 s"))
  }

  @Test func itIsDrawnAtMostTenTimesASecond() {
    let setting = Setting()
    setting.reporter.report(RecordedBuild.planned)
    setting.reporter.report(.started(RecordedBuild.base, reasons: [], .run))
    for line in 0..<10_000 {
      setting.clock.advance(.milliseconds(1))
      setting.reporter.report(.output(RecordedBuild.base, "line \(line)"))
    }
    #expect((90...102).contains(setting.recording.writes.count))
  }

  @Test func aBuildThatEndsWithoutAWordLeavesACleanScreen() {
    let setting = Setting()
    for event in RecordedBuild.events.prefix(3) { setting.reporter.report(event) }
    setting.clock.advance(.seconds(1))
    _ = setting.reporter.tick()
    setting.reporter.close()
    setting.reporter.close()
    #expect(setting.screen() == ["4 steps to run, about 30.0 s"])
    #expect(!setting.reporter.tick())
  }

  /// Whatever the events and the window, no line wraps and the block is never higher than the window.
  @Test(arguments: 0..<60)
  func theBlockFitsTheWindow(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (columns, rows) = (Int.random(in: 1...100, using: &generator), Int.random(in: 1...12, using: &generator))
    var progress = TerminalProgress(log: ProgressLog(showsStarts: false), diagnostics: DiagnosticText())
    let ids = (0..<10).map { ArtifactID(kind: .docker, name: "日本-\($0)", tag: "1") }
    _ = progress.apply(
      .planned(steps: ids.map { .init(id: $0, reasons: [], expected: .seconds(1)) }, expected: .seconds(9)), at: .zero)
    for second in 0..<50 {
      guard let id = ids.randomElement(using: &generator) else { continue }
      let event: BuildEvent =
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: .started(id, reasons: [.neverBuilt], .run)
        case 1: .finished(id, .built, duration: .seconds(1), failure: nil)
        case 2: .current(id)
        default: .output(id, String(repeating: "é\t日", count: Int.random(in: 0..<60, using: &generator)))
        }
      _ = progress.apply(event, at: .seconds(second))
      let block = progress.block(at: .seconds(second), columns: columns, rows: rows)
      #expect(block.count <= max(rows, 2))
      #expect(block.allSatisfy { DisplayWidth.of($0) <= max(1, columns - 1) })
    }
  }

  @Test func aWindowThatBecomesNarrowerIsClearedWholly() {
    var block = TerminalBlock()
    let line = String(repeating: "x", count: 79)
    #expect(block.replacing(with: [line, line], below: "", columns: 80) == line + "\n" + line)
    // Both lines take two rows of forty columns now: the cursor is in the fourth.
    #expect(block.replacing(with: ["y"], below: "done\n", columns: 40) == "\r\u{1B}[3A\u{1B}[Jdone\ny")
    #expect(block.replacing(with: [], below: "", columns: 40) == "\r\u{1B}[J")
    #expect(block.replacing(with: [], below: "", columns: 40) == "")
  }
}

/// A terminal as far as our blocks need one: lines, carriage return, cursor up, erase below.
enum Screen {
  static func show(_ text: String, columns: Int) -> [String] {
    var rows: [[Character]] = [[]]
    var (row, column) = (0, 0)
    var rest = Substring(text)
    while let character = rest.popFirst() {
      switch character {
      case "\n":
        (row, column) = (row + 1, 0)
        if row == rows.count { rows.append([]) }
      case "\r": column = 0
      case "\u{1B}":
        let sequence = rest.prefix { !$0.isLetter }
        let final = rest.dropFirst(sequence.count).first
        rest = rest.dropFirst(sequence.count + 1)
        if final == "A" { row = max(0, row - (Int(sequence.dropFirst()) ?? 1)) }
        if final == "J" {
          rows.removeSubrange((row + 1)...)
          rows[row].removeSubrange(min(column, rows[row].count)...)
        }
      default:
        rows[row].replaceSubrange(min(column, rows[row].count)..<min(column + 1, rows[row].count), with: [character])
        column += 1
      }
    }
    return rows.map { String($0) }.filter { !$0.isEmpty }
  }
}
