package import ImageModel

/// A file being fed to a process.
package protocol ByteWriter: AnyObject {
  /// - Throws: when the other side has closed.
  func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// A command to run: an argument vector, never a shell string.
package struct ProcessCommand: Sendable {
  package enum Input: Sendable {
    case null
    case bytes([UInt8])
    /// Called on a thread of its own; the input ends when it returns. Its `write` throws when the process has stopped
    /// reading, which is no failure of the run: the exit status says whether it should have read more.
    case producer(@Sendable (any ByteWriter) throws -> Void)
  }

  package enum Output: Sendable {
    /// Called with each piece as it comes, on the thread that serves all processes: must be quick.
    case handler(@Sendable (UnsafeRawBufferPointer) -> Void)
    /// Called once on a thread of its own, which may block: the process is held back by a full pipe. What it does not
    /// read is read and dropped. The output ends also when the process is killed: what was made of it counts only
    /// when `run` returns success.
    case consumer(@Sendable (any ByteReader) throws -> Void)
    case discarded
  }

  /// The program, looked up in the PATH of `environment` when it has no slash, and its arguments.
  package var arguments: [String]
  /// All variables; nil inherits ours.
  package var environment: [String: String]?
  package var directory: FilePath?
  package var input: Input
  package var output: Output
  package var errorOutput: Output
  /// How long a cancelled process group has between SIGTERM and SIGKILL.
  package var grace: Duration

  package init(
    _ arguments: [String], environment: [String: String]? = nil, directory: FilePath? = nil, input: Input = .null,
    output: Output = .discarded, errorOutput: Output = .discarded, grace: Duration = .seconds(5)
  ) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.input = input
    self.output = output
    self.errorOutput = errorOutput
    self.grace = grace
  }
}

package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
  case exited(Int32)
  case signaled(Int32)

  package var isSuccess: Bool { self == .exited(0) }
  package var description: String {
    switch self {
    case .exited(let code): "exit status \(code)"
    case .signaled(let signal): "killed by signal \(signal)"
    }
  }
}

package enum ProcessError: Error, Sendable, CustomStringConvertible {
  /// The program does not exist.
  case notFound(String)
  case notStarted(String, reason: String)
  /// A consumer or producer threw.
  case stream(any Error)
  /// The task was cancelled; the process group is gone.
  case cancelled

  package var description: String {
    switch self {
    case .notFound(let program): "\(program): no such program"
    case .notStarted(let program, let reason): "\(program): \(reason)"
    case .stream(let error): "\(error)"
    case .cancelled: "interrupted"
    }
  }
}

/// The port to other programs. Each runs in a process group of its own.
package protocol ProcessRunner: Sendable {
  /// Runs to the end: the process has ended, its pipes are closed, no handler, consumer or producer runs any more.
  ///
  /// When the task is cancelled the whole group gets SIGTERM, and SIGKILL after `grace` or when its leader has ended and
  /// closed its pipes. What has closed the pipes and outlives a run that was not cancelled is left alone, as a daemon.
  func run(_ command: ProcessCommand) async throws(ProcessError) -> ExitStatus
}
