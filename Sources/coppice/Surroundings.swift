// `environ` is a variable to the compiler; nothing in this process writes it.
@preconcurrency internal import Glibc
internal import ImageModel

/// What the process finds around itself: environment, directory, streams, terminal.
struct Surroundings {
  let environment: [String: String]
  let currentDirectory: FilePath
  let output: Output
  let errorOutput: Output
  let isOutputTerminal: Bool
  let isErrorTerminal: Bool

  init(interruption: Interruption) {
    environment = Self.readEnvironment()
    currentDirectory = Self.readDirectory()
    isOutputTerminal = isatty(STDOUT_FILENO) == 1
    isErrorTerminal = isatty(STDERR_FILENO) == 1
    let errorOutput = Output.descriptor(STDERR_FILENO) { _ in }
    self.errorOutput = errorOutput
    output = .descriptor(STDOUT_FILENO) { error in
      let isFirst = !interruption.request(error == EPIPE ? .brokenPipe : .failure)
      // A reader that has seen enough is no fault, a full disk is.
      if error != EPIPE, isFirst {
        let reason = String(cString: strerror(error))
        errorOutput.write(DiagnosticText().text(Diagnostic(.error, "standard output: \(reason)")))
      }
    }
  }

  func invocation(of line: CommandLineRequest) -> Invocation {
    Invocation(
      request: line.request, global: line.global, environment: environment, currentDirectory: currentDirectory,
      output: output, errorOutput: errorOutput, isOutputTerminal: isOutputTerminal,
      style: .chosen(line.global.color, isTerminal: isOutputTerminal, environment: environment),
      diagnostics: diagnostics(line.global.color), size: { .current(STDOUT_FILENO) })
  }

  /// For faults of the command line itself, when no option is known.
  func show(_ fault: InvalidInput) { errorOutput.write(diagnostics(.auto).text(fault.diagnostics)) }

  private func diagnostics(_ color: GlobalOptions.Color) -> DiagnosticText {
    DiagnosticText(
      style: .chosen(color, isTerminal: isErrorTerminal, environment: environment), directory: currentDirectory)
  }

  private static func readEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        let name = String(text[..<equals])
        // The first of a name counts, as for getenv.
        if result[name] == nil { result[name] = String(text[text.index(after: equals)...]) }
      }
      next += 1
    }
    return result
  }

  private static func readDirectory() -> FilePath {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return FilePath(bytes: UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }
}
