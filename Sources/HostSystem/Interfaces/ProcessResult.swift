/// What a short command printed.
package struct ProcessResult: Sendable {
  package var status: ExitStatus
  package var output: [UInt8]
  package var errorOutput: [UInt8]

  package init(status: ExitStatus, output: [UInt8] = [], errorOutput: [UInt8] = []) {
    self.status = status
    self.output = output
    self.errorOutput = errorOutput
  }
}

/// A command printed more than its caller can use.
package struct OutputTooLarge: Error, Sendable, CustomStringConvertible {
  package var program: String
  package var limit: Int

  package var description: String { "\(program): printed more than \(limit) bytes" }
}

extension ProcessRunner {
  /// Runs a short command and collects what it prints, whatever `command` says of its outputs.
  ///
  /// Of the error output the last `limit` bytes are kept.
  /// - Throws: `stream(OutputTooLarge)` when the output has over `limit` bytes.
  package func capture(_ command: ProcessCommand, limit: Int = 1 << 20) async throws(ProcessError) -> ProcessResult {
    let output = Locked<[UInt8]>([])
    let errorOutput = Locked<[UInt8]>([])
    var command = command
    command.output = .handler { piece in
      // One byte over the limit is enough to know.
      output.withLock { $0.append(contentsOf: piece.prefix(limit + 1 - $0.count)) }
    }
    command.errorOutput = .handler { piece in
      errorOutput.withLock { bytes in
        bytes.append(contentsOf: piece)
        if bytes.count > 2 * limit + 4096 { bytes.removeFirst(bytes.count - limit) }
      }
    }
    let status = try await run(command)
    let printed = output.withLock { $0 }
    if printed.count > limit {
      throw .stream(OutputTooLarge(program: command.arguments.first ?? "", limit: limit))
    }
    return ProcessResult(
      status: status, output: printed, errorOutput: Array(errorOutput.withLock { $0 }.suffix(limit)))
  }
}
