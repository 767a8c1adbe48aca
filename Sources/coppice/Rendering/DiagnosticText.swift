internal import ImageModel

/// Renders diagnostics: `FILE:LINE:COLUMN: error: MESSAGE`, the source line, a caret, what to do next.
struct DiagnosticText: Sendable {
  var style = Style.plain
  /// File names are shown relative to it where that is shorter.
  var directory: FilePath?

  /// Whole lines, each with its line feed.
  func text(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map(place) ?? "coppice"
    let rule = diagnostic.rule.map { " [\($0.rawValue)]" } ?? ""
    let message = Self.oneLine(diagnostic.message) + rule
    var text = style(.bold, place + ":") + " " + label(diagnostic.severity) + " " + message + "\n"
    if let line = diagnostic.sourceLine, let location = diagnostic.location, location.line > 0 {
      let (shown, caret) = SourceExcerpt.lines(line, column: location.column)
      text += shown + "\n"
      if let caret { text += style(.green, caret) + "\n" }
    }
    if let help = diagnostic.help { text += helpLine(help) }
    return text
  }

  func helpLine(_ help: String) -> String { "  " + style(.cyan, "help:") + " " + Self.oneLine(help) + "\n" }

  func text(_ diagnostics: [Diagnostic]) -> String { diagnostics.map(text).joined() }

  /// A failure as an error.
  func text(_ failure: Failure) -> String {
    text(Diagnostic(.error, failure.message, at: failure.location, help: failure.help))
  }

  func shown(_ file: FilePath) -> FilePath { directory.map { file.shortest(from: $0) } ?? file }

  private func label(_ severity: Diagnostic.Severity) -> String {
    switch severity {
    case .error: style(.red, "error:")
    case .warning: style(.yellow, "warning:")
    case .note: style(.cyan, "note:")
    }
  }

  private func place(_ location: SourceLocation) -> String {
    var shown = location
    shown.file = self.shown(location.file)
    return TerminalText.cleaned(shown.description)
  }

  private static func oneLine(_ text: String) -> String {
    text.split(separator: "\n").map { TerminalText.cleaned($0) }.joined(separator: " ")
  }
}

extension FilePath {
  /// The path as seen from a directory, where that is shorter; both absolute.
  func shortest(from directory: FilePath) -> FilePath {
    guard isAbsolute, directory.isAbsolute else { return self }
    let (mine, theirs) = (components, directory.components)
    let shared = zip(mine, theirs).prefix { $0 == $1 }.count
    let parts = Array(repeating: Array("..".utf8), count: theirs.count - shared) + mine.dropFirst(shared)
    let relative = FilePath(bytes: parts.joined(separator: [UInt8(ascii: "/")]))
    return !relative.isEmpty && relative.bytes.count < bytes.count ? relative : self
  }
}
