internal import HostSystem
internal import ImageModel

/// A program of this machine, run with an argument vector.
struct HostProgram: Sendable {
  let name: String
  /// Which package of Debian has it.
  let package: String
  let environment: [String: String]
  let processes: any ProcessRunner

  /// What a command printed; its lines are handed on as they come where `log` is given.
  /// - Throws: `Failure` with the program's own last words.
  @discardableResult func run(
    _ arguments: [String], directory: FilePath? = nil, input: ProcessCommand.Input = .null,
    log: (@Sendable (String) -> Void)? = nil
  ) async throws -> [UInt8] {
    let (output, console) = (Locked<[UInt8]>([]), ConsoleLines(log: log ?? { _ in }))
    let isLogged = log != nil
    let command = ProcessCommand(
      [name] + arguments, environment: environment, directory: directory, input: input,
      output: .handler { piece in
        if isLogged { console.add(piece) } else { output.withLock { $0.append(contentsOf: piece) } }
      },
      errorOutput: .handler { console.add($0) })
    let status: ExitStatus
    do {
      status = try await processes.run(command)
    } catch {
      throw failure(error)
    }
    console.finish()
    guard status.isSuccess else { throw failure(arguments, status, console.tail) }
    return output.withLock { $0 }
  }

  func failure(_ error: ProcessError) -> any Error {
    switch error {
    case .cancelled: CancellationError()
    case .stream(let cause): cause
    case .notFound:
      Failure("\(name) is not there, which VM images are made with", help: "install the package \(package)")
    case .notStarted: Failure("\(error)", help: "see whether \(name) can be run by hand")
    }
  }

  private func failure(_ arguments: [String], _ status: ExitStatus, _ tail: [String]) -> Failure {
    // VirtualBox adds where in its sources an error was seen.
    let telling =
      tail.last { line in
        (line.lowercased().contains("error") || line.hasPrefix("E: "))
          && !["Context:", "Details:"].contains { line.contains($0) }
      } ?? tail.last
    let words = ([name] + arguments.prefix(1).filter { !$0.hasPrefix("-") && !$0.hasPrefix("/") }).joined(
      separator: " ")
    if tail.contains(where: { $0.lowercased().contains("no space left on device") }) {
      return Failure("\(words): no space left on device", help: "free some space where the store lies, and run again")
    }
    return Failure("\(words): \(telling ?? status.description)")
  }
}
