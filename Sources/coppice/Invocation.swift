internal import ImageModel
internal import ImageTools
internal import JSONText

/// One run of the program: what is asked for, and the world as the edge has found it.
struct Invocation: Sendable {
  var request: Request
  var global: GlobalOptions
  var environment: [String: String]
  /// Where the user stands, absolute: file names are shown from here.
  var currentDirectory: FilePath
  /// Results.
  var output: Output
  /// Diagnostics.
  var errorOutput: Output
  var isOutputTerminal: Bool
  /// For `output`.
  var style: Style
  /// For `errorOutput`.
  var diagnostics: DiagnosticText
  var size: @Sendable () -> TerminalSize

  /// Where to begin, absolute: `-C`, else the current directory.
  var directory: FilePath { global.directory.map { currentDirectory / $0 } ?? currentDirectory }
  /// `-r`, seen from `directory`.
  var repository: FilePath? { global.repository.map { directory / $0 } }
  /// `--engine`, else COPPICE_ENGINE.
  var engine: String? { global.engine ?? variable("COPPICE_ENGINE") }
  /// `--store` or COPPICE_STORE, seen from `directory`.
  var store: FilePath? { (global.store ?? variable("COPPICE_STORE").map { FilePath($0) }).map { directory / $0 } }

  /// `--sif-builder`, else COPPICE_SIF_BUILDER.
  /// - Throws: when that names none.
  func sifBuilder() throws(InvalidInput) -> SIFBuilder? {
    guard global.sifBuilder == nil, let name = variable("COPPICE_SIF_BUILDER") else { return global.sifBuilder }
    guard let builder = SIFBuilder(rawValue: name) else {
      let known = SIFBuilder.allCases.map(\.rawValue).joined(separator: " or ")
      throw InvalidInput([Diagnostic(.error, "COPPICE_SIF_BUILDER must be \(known), not '\(name)'")])
    }
    return builder
  }

  /// A variable of the environment that is not empty.
  func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// For commands that may need an engine.
  /// - Throws: when COPPICE_ENGINE names none.
  func checkEngine() throws(InvalidInput) {
    guard let name = engine, !EngineFinder.names.contains(name) else { return }
    let known = EngineFinder.names.joined(separator: ", ")
    throw InvalidInput([
      Diagnostic(
        .error, "COPPICE_ENGINE must be one of \(known), not '\(name)'",
        help: NearestSpelling.of(name, among: EngineFinder.names).map { "did you mean '\($0)'?" })
    ])
  }

  /// COPPICE_JOBS.
  /// - Throws: when it is no number from 1 to 1024.
  func jobsOfEnvironment() throws(InvalidInput) -> Int? {
    guard let text = variable("COPPICE_JOBS") else { return nil }
    guard let jobs = Int(text), 1...1024 ~= jobs else {
      throw InvalidInput([Diagnostic(.error, "COPPICE_JOBS must be a number from 1 to 1024, not '\(text)'")])
    }
    return jobs
  }

  func show(_ diagnostics: [Diagnostic]) { errorOutput.write(self.diagnostics.text(diagnostics)) }

  /// A result that others wrote: a terminal is not to be steered by it, a file gets it as it is.
  func showForeign(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    output.write(isOutputTerminal ? lines.map { TerminalText.cleaned($0) }.joined(separator: "\n") : text)
  }

  /// A result for programs, on lines of their own.
  func show(_ result: JSONValue) { output.write(result.prettyText) }
}
