import BuildEngine
import HostSystem
import ImageModel

/// Remembers every event, and says them in short.
final class RecordingReporter: BuildReporter {
  private let log = Locked<[BuildEvent]>([])

  func report(_ event: BuildEvent) { log.withLock { $0.append(event) } }

  var events: [BuildEvent] { log.withLock { $0 } }
  func clear() { log.withLock { $0 = [] } }

  /// The steps that ran, as `WORD MARK: REASON, REASON`, in the order of their starts; the mark is `=` for unchanged,
  /// `<` for restored, `!` for failed, nothing for built. What was skipped stands as `WORD -`, in the order of events.
  var steps: [String] {
    var steps: [String] = []
    var places: [ArtifactID: Int] = [:]
    for event in events {
      switch event {
      case .started(let id, let reasons, _):
        places[id] = steps.count
        steps.append("\(id.shown): \(reasons.map(\.shown).joined(separator: ", "))")
      case .finished(let id, let outcome, _, _, _):
        if outcome == .skipped { steps.append("\(id.shown) -") }
        let marks: [StepOutcome: String] = [.unchanged: " =", .restored: " <", .failed: " !"]
        if let place = places[id], let mark = marks[outcome] {
          steps[place] = id.shown + mark + steps[place].dropFirst(id.shown.count)
        }
      default: break
      }
    }
    return steps
  }

  var turnedOutCurrent: [String] {
    events.compactMap { if case .current(let id) = $0 { id.shown } else { nil } }
  }

  var outcomes: [ArtifactID: StepOutcome] {
    var outcomes: [ArtifactID: StepOutcome] = [:]
    for case .finished(let id, let outcome, _, _, _) in events { outcomes[id] = outcome }
    return outcomes
  }
}

extension ArtifactID {
  /// `python` for `docker/python:1`.
  var shown: String { kind == .docker && tag == "1" ? name : description }
}

extension StaleReason {
  var shown: String {
    switch self {
    case .neverBuilt: "never"
    case .outputMissing: "missing"
    case .outputDamaged: "damaged"
    case .inputsChanged(let changes): changes.map(\.shown).joined(separator: ", ")
    case .upstreamWillRebuild(let id): "may \(id.shown)"
    case .upstreamChanged(let id, _, _): "from \(id.shown)"
    case .baseMoved(let reference, _, _): "moved \(reference.split(separator: "/").last ?? "")"
    case .forced(let reason): "forced \(reason)"
    case .tooOld: "old"
    }
  }
}

extension InputChange {
  var shown: String {
    let mark = kind == .added ? "+" : kind == .removed ? "-" : "~"
    let what = name.isEmpty ? after ?? before ?? "" : name
    return "\(group) \(mark)\(ArtifactID(what)?.shown ?? what)"
  }
}
