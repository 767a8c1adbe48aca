internal import Glibc
package import HostSystem
package import ImageModel

/// The real Apptainer, in the root file system that `make interop` has made for it.
package struct Apptainer: Sendable {
  package struct Run: Sendable {
    package var status: HostSystem.ExitStatus
    package var output: String
    package var errors: String
  }

  private let root: FilePath

  /// Nil unless COPPICE_APPTAINER names the root file system.
  package static let installed = getenv("COPPICE_APPTAINER").map { Apptainer(root: FilePath(String(cString: $0))) }

  private static let enter = FilePath(#filePath).parent.parent / "lab/apptainer-enter"

  /// What stands before the words of a command of that root in a script.
  package var entering: String { "'\(Self.enter)' '\(root)'" }

  /// Runs a program of that root, which sees of this machine nothing but /tmp.
  /// - Parameters:
  ///   - directory: where it starts, below /tmp.
  ///   - isUser: as one without rights, not as root.
  package func run(
    _ words: [String], in directory: FilePath, asUser isUser: Bool = false
  ) async throws -> Run {
    let (output, errors) = (Locked<[UInt8]>([]), Locked<[UInt8]>([]))
    let command = ProcessCommand(
      [Self.enter.description, root.description] + (isUser ? ["--user"] : []) + words, directory: directory,
      output: .handler { bytes in output.withLock { $0.append(contentsOf: bytes) } },
      errorOutput: .handler { bytes in errors.withLock { $0.append(contentsOf: bytes) } })
    let status = try await PosixProcessRunner().run(command)
    return Run(
      status: status, output: String(decoding: output.withLock { $0 }, as: UTF8.self),
      errors: String(decoding: errors.withLock { $0 }, as: UTF8.self))
  }

  /// As `run`, of what must succeed.
  /// - Returns: what it printed.
  @discardableResult
  package func output(
    _ words: [String], in directory: FilePath, asUser isUser: Bool = false
  ) async throws -> String {
    let run = try await run(words, in: directory, asUser: isUser)
    guard run.status.isSuccess else {
      throw Failure("\(words.joined(separator: " ")): \(run.status)\n\(run.errors.suffix(2000))")
    }
    return run.output
  }
}
