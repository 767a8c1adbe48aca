import HostSystem
import ImageModel

/// The engine's program, run with arguments and an environment.
package struct EngineTool: Sendable {
  let program: String
  var environment: [String: String]
  let processes: any ProcessRunner
  let files: any FileSystem

  /// What a short command printed, without white space at the ends.
  /// - Throws: `Failure` with the engine's own words.
  func output(_ arguments: [String], limit: Duration = .seconds(120)) async throws -> String {
    let result = try await result(arguments, limit: limit)
    guard result.status.isSuccess else { throw failure(arguments, result.status, Self.text(result.errorOutput)) }
    return Self.text(result.output)
  }

  /// As `output`, nil when the command fails.
  func outputIfAny(_ arguments: [String], limit: Duration = .seconds(120)) async throws -> String? {
    let result = try await result(arguments, limit: limit)
    return result.status.isSuccess ? Self.text(result.output) : nil
  }

  func result(
    _ arguments: [String], input: ProcessCommand.Input = .null, limit: Duration
  ) async throws -> ProcessResult {
    let command = ProcessCommand([program] + arguments, environment: environment, input: input, grace: .seconds(1))
    do {
      return try await withTimeLimit(limit, what: words(arguments)) { try await capture(command) }
    } catch let error as TimeIsOver {
      throw error.failure
    }
  }

  private func capture(_ command: ProcessCommand) async throws -> ProcessResult {
    do {
      return try await processes.capture(command, limit: 16 << 20)
    } catch {
      throw Self.failure(error)
    }
  }

  /// Runs a long command and hands its lines on.
  /// - Parameter variables: added to the environment.
  /// - Throws: `Failure` with the last lines.
  func stream(
    _ arguments: [String], adding variables: [String: String] = [:], directory: FilePath? = nil,
    input: ProcessCommand.Input = .null, output: ProcessCommand.Output? = nil,
    log: @escaping @Sendable (String) -> Void
  ) async throws {
    let tail = LineTail()
    let splitters = [LineSplitter(), LineSplitter()]
    let handlers = splitters.map { splitter in
      ProcessCommand.Output.handler { piece in
        splitter.add(piece) { line in
          tail.add(line)
          log(line)
        }
      }
    }
    let command = ProcessCommand(
      [program] + arguments, environment: environment.merging(variables) { $1 }, directory: directory, input: input,
      output: output ?? handlers[0], errorOutput: handlers[1])
    let status: ExitStatus
    do {
      status = try await processes.run(command)
    } catch {
      throw Self.failure(error)
    }
    for splitter in splitters {
      splitter.finish { line in
        tail.add(line)
        log(line)
      }
    }
    guard status.isSuccess else { throw failure(arguments, status, tail.text) }
  }

  static func failure(_ error: ProcessError) -> any Error {
    switch error {
    case .cancelled: CancellationError()
    case .stream(let cause): cause
    case .notFound, .notStarted: Failure("\(error)", help: "install the package that holds it")
    }
  }

  private func failure(_ arguments: [String], _ status: ExitStatus, _ words: String) -> Failure {
    // The last line that calls itself an error says more than what happened to be printed around it.
    let lines = words.split(separator: "\n").suffix(10)
    let signs = ["error", "non-zero code: "]
    // What docker's daemon says of its work comes by another stream than what failed, at times behind it.
    let telling = signs.lazy.compactMap { sign in lines.last { $0.lowercased().contains(sign) } }.first
    let said = String(telling ?? lines.last ?? "")
    var message = "\(self.words(arguments)): \(said.isEmpty ? status.description : said)"
    if words.contains("no space left on device") {
      return Failure(
        message,
        help: "free some space in the repository, in TMPDIR, and where the engine keeps its images; then run again")
    }
    guard case .signaled = status else { return Failure(message) }
    if !said.isEmpty { message += " (\(status))" }
    return Failure(message, help: "something ended it from outside, perhaps for want of memory; run again")
  }

  private func words(_ arguments: [String]) -> String {
    let name = FilePath(program).name.description
    return ([name] + arguments.prefix { !$0.hasPrefix("-") }.prefix(2)).joined(separator: " ")
  }

  private static func text(_ bytes: [UInt8]) -> String {
    var text = Substring(String(decoding: bytes, as: UTF8.self))
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    return String(text)
  }
}
