internal import BuildEngine
internal import ImageModel

extension DiagnosticText {
  /// A failed step: what happened, its last lines, where the rest is, what to do next.
  func text(_ failure: FailureReport, of id: ArtifactID) -> String {
    var text = text(Diagnostic(.error, "\(id): \(failure.message)", at: failure.location))
    for line in failure.tail { text += "  | " + TerminalText.cleaned(line) + "\n" }
    if let log = failure.log {
      text += "  " + style(.cyan, "log:") + " " + TerminalText.cleaned(shown(log).description) + "\n"
    }
    if let help = failure.help { text += helpLine(help) }
    return text
  }
}
