package import HostSystem
package import ImageModel

/// A git repository with a work tree.
package struct GitRepository: Sendable {
  /// The top of the work tree, without links.
  package let top: FilePath
  /// Git's own directories: of this work tree, and what it shares with others.
  let gitDirectories: Set<FilePath>
  private let processes: any ProcessRunner
  private var environment: [String: String]

  /// - Parameter directory: where git is asked; in the work tree.
  /// - Throws: `Failure` without git; `InvalidInput` where there is no work tree.
  package init(
    of directory: FilePath, processes: any ProcessRunner, environment: [String: String], files: any FileSystem
  ) async throws {
    self.processes = processes
    self.environment = environment
    // Only the language of messages: filters see the locale that they see in a checkout.
    self.environment["LANGUAGE"] = "en"
    let question = ["rev-parse", "--show-toplevel", "--git-dir", "--git-common-dir"]
    let answer = try await Self.ask(question, in: directory, self.environment, processes)
    let lines = answer.output.split(separator: UInt8(ascii: "\n"))
    guard answer.status.isSuccess, lines.count >= 3 else {
      throw InvalidInput([
        Diagnostic(
          .error, "git: \(Self.words(answer.errorOutput))",
          help: "--changed-since needs a repository of definitions that lies in a work tree of git")
      ])
    }
    // A name may have line feeds.
    top = try files.resolved(FilePath(bytes: lines.dropLast(2).joined(separator: [UInt8(ascii: "\n")])))
    gitDirectories = Set(try lines.suffix(2).map { try files.resolved(directory / FilePath(bytes: $0)) })
  }

  /// The same repository, whose git also finds objects in these directories.
  func adding(objects directories: [FilePath]) -> GitRepository {
    guard !directories.isEmpty else { return self }
    var copy = self
    let name = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
    let known = environment[name].map { [$0] } ?? []
    copy.environment[name] = (known + directories.map { Self.quoted($0.description) }).joined(separator: ":")
    return copy
  }

  /// A colon ends a path in that variable, but within quotes.
  private static func quoted(_ path: String) -> String {
    guard path.contains(where: { ":\"\\\n".contains($0) }) else { return path }
    let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }

  /// With the attributes of a commit in place of those in the work tree, where git is new enough (2.41).
  func takingAttributes(of commit: String) -> GitRepository {
    var copy = self
    copy.environment["GIT_ATTR_SOURCE"] = commit
    return copy
  }

  /// Whether git counts the permission to execute: not where the file system has none.
  func hasFileModes() async throws -> Bool {
    let answer = try await ask(["config", "--type=bool", "--default=true", "core.fileMode"])
    return !answer.output.starts(with: Array("false".utf8))
  }

  /// Whether git tracks a file now.
  package func tracks(_ path: FilePath) async throws -> Bool {
    guard let inside = path.relative(to: top)?.text else { return false }
    let answer = try await ask(["ls-files", "-z", "--", ":(top,literal)\(inside)"])
    return answer.status.isSuccess && !answer.output.isEmpty
  }

  func run(
    _ arguments: [String], input: ProcessCommand.Input, output: ProcessCommand.Output,
    errorOutput: ProcessCommand.Output
  ) async throws -> ExitStatus {
    let command = ProcessCommand(
      ["git"] + arguments, environment: environment, directory: top, input: input, output: output,
      errorOutput: errorOutput)
    return try await Self.unlessMissing { () throws(ProcessError) in try await processes.run(command) }
  }

  func ask(_ arguments: [String]) async throws -> ProcessResult {
    try await Self.ask(arguments, in: top, environment, processes)
  }

  private static func ask(
    _ arguments: [String], in directory: FilePath, _ environment: [String: String], _ processes: any ProcessRunner
  ) async throws -> ProcessResult {
    let command = ProcessCommand(["git"] + arguments, environment: environment, directory: directory)
    return try await unlessMissing { () throws(ProcessError) in try await processes.capture(command) }
  }

  private static func unlessMissing<Result>(
    _ body: () async throws(ProcessError) -> Result
  ) async throws -> Result {
    do {
      return try await body()
    } catch {
      if case .cancelled = error { throw CancellationError() }
      throw Failure("\(error)", help: "--changed-since needs git")
    }
  }

  func failure(_ errorOutput: [UInt8]) -> Failure { Failure("git: \(Self.words(errorOutput))") }

  /// The first line, without git's own mark.
  static func words(_ errorOutput: [UInt8]) -> String {
    let text = String(decoding: errorOutput, as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("fatal: ") } ?? text.prefix { $0 != "\n" }
    let words = line.hasPrefix("fatal: ") ? line.dropFirst(7) : line
    return words.isEmpty ? "it failed and said nothing" : String(words)
  }
}
