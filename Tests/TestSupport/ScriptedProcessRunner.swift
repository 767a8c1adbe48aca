package import HostSystem
package import ImageModel

/// Answers commands from a closure and remembers them.
package final class ScriptedProcessRunner: ProcessRunner {
  /// What a command was given.
  package struct Call: Sendable {
    package var arguments: [String]
    package var environment: [String: String]?
    package var directory: FilePath?
    /// All that came on the standard input.
    package var input: [UInt8]
  }

  package struct Answer: Sendable {
    package var status: ExitStatus
    package var output: [UInt8]
    package var errorOutput: [UInt8]

    package init(_ status: ExitStatus = .exited(0), output: [UInt8] = [], errorOutput: [UInt8] = []) {
      self.status = status
      self.output = output
      self.errorOutput = errorOutput
    }

    /// A success that prints `text`.
    package static func prints(_ text: String) -> Answer { Answer(output: Array(text.utf8)) }
    /// A failure with words on the error output.
    package static func fails(_ code: Int32 = 1, _ text: String = "") -> Answer {
      Answer(.exited(code), errorOutput: Array(text.utf8))
    }
  }

  private let script: @Sendable (Call) async throws -> Answer
  private let log = Locked<[Call]>([])

  /// - Parameter script: what it throws becomes the error of `run`: a `ProcessError` as it is, a `CancellationError`
  ///   `cancelled`, another one `notStarted`. It may wait, to play a command that takes long.
  package init(_ script: @escaping @Sendable (Call) async throws -> Answer) { self.script = script }

  /// All commands so far, in the order of their starts.
  package var calls: [Call] { log.withLock { $0 } }
  package var commandLines: [[String]] { calls.map(\.arguments) }
  package func clearCalls() { log.withLock { $0 = [] } }

  package func run(_ command: ProcessCommand) async throws(ProcessError) -> ExitStatus {
    if Task.isCancelled { throw .cancelled }
    let answer: Answer
    do {
      let call = Call(
        arguments: command.arguments, environment: command.environment, directory: command.directory,
        input: try Self.bytes(of: command.input))
      log.withLock { $0.append(call) }
      answer = try await script(call)
    } catch let error as ProcessError {
      throw error
    } catch is CancellationError {
      throw .cancelled
    } catch let error as StreamError {
      throw .stream(error.cause)
    } catch {
      throw .notStarted(command.arguments.first ?? "", reason: "\(error)")
    }
    do {
      try Self.give(answer.output, to: command.output)
      try Self.give(answer.errorOutput, to: command.errorOutput)
    } catch {
      // As the real one: a reader that chokes on what a failed command left is not the cause.
      if answer.status.isSuccess { throw .stream(error) }
    }
    if Task.isCancelled { throw .cancelled }
    return answer.status
  }

  private struct StreamError: Error { var cause: any Error }

  private static func bytes(of input: ProcessCommand.Input) throws -> [UInt8] {
    switch input {
    case .null: return []
    case .bytes(let bytes): return bytes
    case .producer(let produce):
      let writer = BytesWriter()
      do { try produce(writer) } catch { throw StreamError(cause: error) }
      return writer.bytes
    }
  }

  private static func give(_ bytes: [UInt8], to output: ProcessCommand.Output) throws {
    switch output {
    case .handler(let handler): if !bytes.isEmpty { bytes.withUnsafeBytes(handler) }
    case .consumer(let consume): try consume(BytesReader(bytes))
    case .discarded: break
    }
  }
}

/// Collects bytes in memory.
package final class BytesWriter: ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package func write(_ bytes: UnsafeRawBufferPointer) throws { self.bytes.append(contentsOf: bytes) }
}
