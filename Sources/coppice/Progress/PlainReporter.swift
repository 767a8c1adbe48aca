internal import BuildEngine
internal import HostSystem
internal import ImageModel

/// Tells a build line by line, for files, pipes and simple terminals.
final class PlainReporter: BuildReporter {
  private let log: Locked<ProgressLog>
  private let output: Output
  private let errorOutput: Output
  private let diagnostics: DiagnosticText

  /// Progress goes to `output`, failures and notes to `errorOutput`.
  init(
    output: Output, errorOutput: Output, detail: ProgressLog.Detail = .normal, style: Style = .plain,
    diagnostics: DiagnosticText = DiagnosticText()
  ) {
    log = Locked(ProgressLog(detail: detail, style: style))
    self.output = output
    self.errorOutput = errorOutput
    self.diagnostics = diagnostics
  }

  func report(_ event: BuildEvent) {
    // The lock is held while writing, so that lines come in the order of the events.
    log.withLock { log in
      output.write(log.text(event))
      errorOutput.write(diagnostics.text(of: event))
    }
  }
}

extension DiagnosticText {
  /// What an event has for standard error: a failure, a note, or nothing.
  func text(of event: BuildEvent) -> String {
    switch event {
    case .finished(let id, _, _, let failure?, _): text(failure, of: id)
    case .note(let diagnostic): text(diagnostic)
    default: ""
    }
  }
}
