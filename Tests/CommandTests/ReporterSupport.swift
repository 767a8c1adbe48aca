import BuildEngine
import HostSystem
import ImageModel

@testable import coppice

/// A clock that moves when it is told to.
struct ManualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private let time = Locked(Duration.zero)
  var now: Instant { Instant(offset: time.withLock { $0 }) }
  var minimumResolution: Duration { .nanoseconds(1) }

  func advance(_ duration: Duration) { time.withLock { $0 += duration } }
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}

/// An output that keeps what was written, one element for each write.
struct Recording: Sendable {
  private let written = Locked<[String]>([])

  var output: Output {
    Output { [written] bytes in written.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
  }

  var writes: [String] { written.withLock { $0 } }
  var text: String { writes.joined() }
  var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
}

/// What a build of four steps tells, in the order of a real one.
enum RecordedBuild {
  static let base = ArtifactID(kind: .docker, name: "base", tag: "1")
  static let left = ArtifactID(kind: .docker, name: "left", tag: "1")
  static let right = ArtifactID(kind: .docker, name: "right", tag: "1")
  static let file = ArtifactID(kind: .sif, name: "left", tag: "1")
  static let change = StaleReason.inputsChanged([InputChange(.context, .modified, "x.txt")])

  static var planned: BuildEvent {
    .planned(
      steps: [base, left, right, file].map { PlannedStep(id: $0, reasons: [.neverBuilt], expected: .seconds(10)) },
      expected: .seconds(30))
  }

  static let failure = FailureReport(
    message: "RUN make exited with 2", help: "fix it", tail: ["cc x.c", "x.c:1: \u{1B}[31merror\u{1B}[0m"],
    log: "/r/.coppice/logs/1.log")

  static var events: [BuildEvent] {
    var summary = BuildSummary()
    summary.outcomes = [base: .built, left: .failed, right: .unchanged, file: .skipped]
    summary.duration = .milliseconds(15_250)
    return [
      planned, .started(base, reasons: [change], .run), .output(base, "Step 1"),
      .finished(base, .built, duration: .milliseconds(12_345), failure: nil),
      .started(left, reasons: [.upstreamWillRebuild(base)], .run),
      .started(right, reasons: [.neverBuilt], .run),
      .finished(right, .unchanged, duration: .seconds(1), failure: nil),
      .finished(left, .failed, duration: .seconds(2), failure: failure),
      .finished(file, .skipped, duration: .zero, failure: nil), .done(summary),
    ]
  }
}
