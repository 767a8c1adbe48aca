internal import BuildEngine
internal import ImageModel

/// The lines that stay of a build: what plain output shows as it goes, and a terminal above its live block.
struct ProgressLog: Sendable {
  enum Detail: Sendable { case quiet, normal, verbose }

  var detail = Detail.normal
  var style = Style.plain
  /// A terminal shows what has started in its block; there the reason stands in the line of what has finished.
  var showsStarts = true

  private(set) var total = 0
  private var numbers: [ArtifactID: Int] = [:]
  private var reasons: [ArtifactID: [StaleReason]] = [:]
  /// Failed steps that have a log.
  private var logged: Set<ArtifactID> = []
  private var fetching: Set<ArtifactID> = []

  /// How many steps have begun, or turned out to be current or blocked.
  var begun: Int { numbers.count }

  init(detail: Detail = .normal, style: Style = .plain, showsStarts: Bool = true) {
    self.detail = detail
    self.style = style
    self.showsStarts = showsStarts
  }

  /// Whole lines, or nothing.
  mutating func text(_ event: BuildEvent) -> String {
    let text = lines(event)
    return text.isEmpty || detail == .quiet ? "" : text + "\n"
  }

  private mutating func lines(_ event: BuildEvent) -> String {
    switch event {
    case .planned(let steps, let expected):
      total = steps.count
      for step in steps { reasons[step.id] = step.reasons }
      guard total > 0 else { return "" }
      return HumanText.count(total, "step") + " to run" + (expected.map { ", about \(HumanText.duration($0))" } ?? "")
    case .started(let id, let why, let action):
      if !why.isEmpty { reasons[id] = why }
      let head = prefix(id)
      return showsStarts
        ? "\(head): \(action == .restore ? "restoring" : id.kind.activity): \(ReasonText.summary(why))" : ""
    case .output(let id, let line):
      return detail == .verbose ? "\(prefix(id)) | \(TerminalText.cleaned(line))" : ""
    case .finished(let id, let outcome, let duration, let failure, let nearMiss):
      if failure?.log != nil { logged.insert(id) }
      let reason = showsStarts || outcome == .skipped ? "" : reasons[id].map { " (\(ReasonText.summary($0)))" } ?? ""
      return "\(prefix(id)): \(result(outcome, duration))" + style(.faint, reason) + self.nearMiss(nearMiss, id)
    case .current(let id): return "\(prefix(id)): current, its upstreams came out identical"
    case .fetching(let id, let place, _, let size):
      guard fetching.insert(id).inserted, showsStarts else { return "" }
      return "fetching \(id) from \(place)" + (size.map { ", \(HumanText.bytes($0))" } ?? "")
    case .fetched(let id, let place, let bytes, let duration, let isHere):
      fetching.remove(id)
      guard isHere else { return "" }
      let rate = duration.inSeconds > 0.05 && bytes > 0 ? Int(Double(bytes) / duration.inSeconds) : nil
      return
        "\(id): \(style(.green, "fetched")) from \(place), \(HumanText.bytes(bytes)) in \(HumanText.duration(duration))"
        + (rate.map { ", \(HumanText.bytes($0))/s" } ?? "")
    case .note: return ""
    case .done(let summary): return self.summary(summary)
    }
  }

  private mutating func prefix(_ id: ArtifactID) -> String {
    let number = numbers[id] ?? numbers.count + 1
    numbers[id] = number
    return "[\(number)/\(max(total, number))] \(id)"
  }

  private func nearMiss(_ paths: [String], _ id: ArtifactID) -> String {
    let text = ReasonText.nearMiss(paths, reasons[id] ?? [], from: "the recorded image")
    return text.isEmpty ? "" : "\n  " + text
  }

  private func result(_ outcome: StepOutcome, _ duration: Duration) -> String {
    let time = HumanText.duration(duration)
    return switch outcome {
    case .built: style(.green, "built") + " in \(time)"
    case .unchanged: style(.green, "unchanged") + ", it came out identical, in \(time)"
    case .restored: style(.green, "restored") + " from the store in \(time)"
    case .failed: style(.red, "failed") + " after \(time)"
    case .skipped: style(.yellow, "skipped") + ", an upstream failed"
    }
  }

  private func summary(_ summary: BuildSummary) -> String {
    let counts = [StepOutcome.built, .unchanged, .restored, .failed, .skipped].compactMap { outcome in
      let count = summary.count(outcome)
      return count == 0 ? nil : "\(count) \(outcome.rawValue)"
    }
    let time = HumanText.duration(summary.duration)
    var text =
      counts.isEmpty
      ? "nothing to build: everything asked for is current" : counts.joined(separator: ", ") + " in \(time)"
    if summary.isInterrupted {
      text = "interrupted: " + (counts.isEmpty ? "nothing was built" : text)
      text += "\n" + help("the same command goes on from here; what is finished is kept")
    } else if summary.count(.failed) > 0 {
      // A step that failed before its engine said anything has no log, or only that of an older build.
      var advice = logged.min().map { ["'coppice log \($0)' shows the whole log"] } ?? []
      if summary.count(.skipped) > 0 { advice.append("-k builds what does not depend on it") }
      if !advice.isEmpty { text += "\n" + help(advice.joined(separator: "; ")) }
    }
    return text
  }

  private func help(_ text: String) -> String { "  " + style(.cyan, "help:") + " " + text }
}

extension ArtifactKind {
  /// What a step of this kind is doing.
  var activity: String {
    switch self {
    case .docker, .vbox: "building"
    case .generate: "generating"
    case .sif: "converting"
    }
  }
}
