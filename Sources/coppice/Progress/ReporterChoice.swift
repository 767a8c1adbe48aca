internal import BuildEngine
internal import ImageModel

/// A reporter that leaves its output in order when a build ends without telling so.
protocol ClosingReporter: BuildReporter {
  /// Does nothing after `done`.
  func close()
}

extension PlainReporter: ClosingReporter {
  func close() {}
}

extension JSONReporter: ClosingReporter {}
extension TerminalReporter: ClosingReporter {}

extension Invocation {
  /// The reporter that `--progress`, `--verbose`, `--quiet` and the terminal ask for; close it when the build ends.
  func reporter(_ progress: BuildOptions.Progress, clock: some Clock<Duration> = ContinuousClock())
    -> any ClosingReporter
  {
    let detail: ProgressLog.Detail = global.isQuiet ? .quiet : global.isVerbose ? .verbose : .normal
    switch progress {
    case .json:
      return JSONReporter(
        output: output, errorOutput: errorOutput, diagnostics: diagnostics, stopwatch: Stopwatch(clock))
    case .auto where isOutputTerminal && environment["TERM"] != "dumb" && !global.isQuiet && !global.isVerbose, .tty:
      let reporter = TerminalReporter(
        output: output, detail: detail, style: style, diagnostics: terminalDiagnostics, stopwatch: Stopwatch(clock),
        size: size)
      reporter.startTicking()
      return reporter
    case .plain, .auto:
      return PlainReporter(
        output: output, errorOutput: errorOutput, detail: detail, style: style, diagnostics: diagnostics)
    }
  }

  /// On a terminal failures stand between the lines of progress, so they go the same way.
  private var terminalDiagnostics: DiagnosticText { DiagnosticText(style: style, directory: diagnostics.directory) }
}
