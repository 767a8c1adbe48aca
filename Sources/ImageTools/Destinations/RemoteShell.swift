import HostSystem
import ImageModel

/// Runs scripts on another machine through ssh, in a directory there.
///
/// The user's own configuration says how to get there and which hosts are known; nobody is ever asked for a password.
struct RemoteShell: Sendable {
  let place: RemotePlace
  let options: SSHOptions
  private let processes: any ProcessRunner
  private let environment: [String: String]
  /// Of a connection that stands, which others go through.
  private let socket = Locked<String?>(nil)

  init(
    place: RemotePlace, options: SSHOptions, processes: any ProcessRunner, environment: [String: String]
  ) {
    (self.place, self.options, self.processes) = (place, options, processes)
    // What ssh and rsync say is looked through for causes.
    self.environment = environment.merging(["LC_ALL": "C"]) { $1 }
  }

  /// What ssh is told, beside the host. The first value that ssh reads of an option counts.
  private func connection(sharing new: String? = nil) -> [String] {
    let known = socket.withLock { $0 }
    let shared = new ?? known
    return ["ssh", "-T", "-o", "BatchMode=yes"] + (options.port.map { ["-p", "\($0)"] } ?? []) + options.words
      + ["-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]
      + (shared.map { ["-o", "ControlMaster=\(new == nil ? "no" : "yes")", "-o", "ControlPath=\($0)"] } ?? [])
  }

  /// Where a connection can be shared: a name that nobody knows, short enough for a socket.
  func newSocket() -> String {
    "/tmp/" + Self.mark() + ".ssh"
  }

  /// From now on others go through the connection that has this socket; nil for each its own.
  func share(_ socket: String?) { self.socket.withLock { $0 = socket } }

  /// The directory, as `cd` takes it: `-` would be the one before.
  var directory: String { place.path.hasPrefix("/") ? place.path : "./" + place.path }

  /// Lines of a script that begin every one. It is read as a whole before anything of it runs, so that one that arrives
  /// in part does nothing; what a login shell says of itself comes before the mark.
  private func framed(_ script: [UInt8], mark: String) -> [UInt8] {
    let head = """
      {
      set -eu
      LC_ALL=C; export LC_ALL
      CDPATH=; umask 022
      root=\(ShellText.word(directory))
      echo \(mark)

      """
    return Array(head.utf8) + script + Array("\necho \(mark)\nexit 0\n}\n".utf8)
  }

  /// Runs a script to its end.
  /// - Returns: what it printed.
  /// - Throws: `Failure`, `CancellationError`.
  func run(_ script: [UInt8], limit: Int = 64 << 20) async throws -> [UInt8] {
    let mark = Self.mark()
    let result = try await capture(
      connection() + ["--", place.login, "exec sh"], input: .bytes(framed(script, mark: mark)), limit: limit)
    guard result.status.isSuccess else { throw failure(result) }
    let line = Array((mark + "\n").utf8)
    guard let start = result.output.firstRange(of: line)?.upperBound,
      result.output[start...].suffix(line.count) == line[...]
    else {
      throw Failure("\(place.login) did not answer as a shell does", help: "does `ssh \(place.login) true` work?")
    }
    return Array(result.output[start...].dropLast(line.count))
  }

  func run(_ script: String) async throws -> String {
    String(decoding: try await run(Array(script.utf8)), as: UTF8.self)
  }

  /// Runs a script for as long as something is sent to it.
  /// - Parameters:
  ///   - socket: for others, who go through the same connection (`share`).
  ///   - input: lines for the script; it ends when they do.
  ///   - line: called with each line that it prints.
  func converse(
    _ script: String, socket: String, input: Channel<Void>, line: @escaping @Sendable (String) -> Void
  ) async throws {
    let mark = Self.mark()
    let text = framed(Array(script.utf8), mark: mark)
    let complaint = Locked<[UInt8]>([])
    let command = ProcessCommand(
      connection(sharing: socket) + ["--", place.login, "exec sh"], environment: environment,
      input: .producer { writer in
        try text.withUnsafeBytes { try writer.write($0) }
        while input.receive() != nil { try [UInt8(ascii: "\n")].withUnsafeBytes { try writer.write($0) } }
      },
      output: .consumer { reader in
        // Nobody is there any more to be told anything.
        defer { input.close() }
        var buffer = [UInt8](repeating: 0, count: 4096)
        var partial: [UInt8] = []
        while true {
          let count = try buffer.withUnsafeMutableBytes { try reader.read(into: $0) }
          if count == 0 { return }
          partial += buffer[..<count]
          while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
            line(String(decoding: partial[..<end], as: UTF8.self))
            partial.removeSubrange(...end)
          }
        }
      },
      errorOutput: .handler { piece in complaint.withLock { $0 = Array(($0 + piece).suffix(4096)) } })
    let status = try await inWords { try await processes.run(command) }
    guard status.isSuccess else {
      throw failure(ProcessResult(status: status, errorOutput: complaint.withLock { $0 }))
    }
  }

  /// Brings a file to a path below the directory; what an earlier try has left of it goes on.
  /// - Parameter progress: told how many bytes are there.
  func copy(
    _ file: FilePath, to path: String, isGoingOn: Bool, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    let words = ["--perms", "--chmod=F600"] + (isGoingOn ? ["--append-verify"] : ["--ignore-times"])
    try await transfer(words, [file.description, remote(path)], progress: progress)
  }

  /// Brings a file from a path below the directory; what an earlier try has left of it goes on.
  /// - Parameter progress: told how many bytes are here.
  func bring(_ path: String, to file: FilePath, progress: @escaping @Sendable (Int) -> Void) async throws {
    try await transfer(["--append-verify"], [remote(path), file.description], progress: progress)
  }

  /// The path on the other side is a plain one: rsync begins in the directory, and expands no pattern of it.
  private func remote(_ path: String) -> String {
    let host = place.host.contains(":") ? "[\(place.host)]" : place.host
    return (place.user.map { $0 + "@" } ?? "") + host + ":" + path
  }

  private func transfer(
    _ options: [String], _ paths: [String], progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    let rest = Locked<[UInt8]>([])
    let words =
      ["rsync", "--partial", "--inplace", "--info=progress2", "--no-human-readable"] + options
      + ["-e", connection().map(ShellText.wordOfRsync).joined(separator: " ")]
      + ["--rsync-path", "cd \(ShellText.wordOfAnyShell(directory)) && exec rsync", "--"]
    let result = try await capture(words + paths, input: .null, limit: 1 << 20) { piece in
      // `     32768   3%  1.00MB/s    0:00:01`, each over the one before.
      let lines = rest.withLock { rest -> [ArraySlice<UInt8>] in
        rest += piece
        let lines = rest.split(omittingEmptySubsequences: true) { $0 == 0x0D || $0 == 0x0A }
        rest = lines.last.map(Array.init) ?? []
        return lines.dropLast()
      }
      let count = lines.last?.split(separator: UInt8(ascii: " ")).first.flatMap {
        Int(String(decoding: $0.filter { $0 != UInt8(ascii: ",") }, as: UTF8.self))
      }
      if let count { progress(count) }
    }
    guard result.status.isSuccess else { throw failure(result) }
  }

  private func capture(
    _ words: [String], input: ProcessCommand.Input, limit: Int,
    output: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
  ) async throws -> ProcessResult {
    try await inWords {
      var command = ProcessCommand(words, environment: environment, input: input)
      guard let output else { return try await processes.capture(command, limit: limit) }
      let complaint = Locked<[UInt8]>([])
      command.output = .handler(output)
      command.errorOutput = .handler { piece in complaint.withLock { $0 = Array(($0 + piece).suffix(4096)) } }
      let status = try await processes.run(command)
      return ProcessResult(status: status, errorOutput: complaint.withLock { $0 })
    }
  }

  private func inWords<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch ProcessError.cancelled {
      throw CancellationError()
    } catch ProcessError.notFound(let program) {
      let package = program == "ssh" ? "openssh-client" : program
      throw Failure("\(program) was not found", help: "install \(package)")
    } catch let error as ProcessError {
      throw Failure("\(error)")
    }
  }

  /// What went wrong, in the words of ssh, of rsync or of the script.
  private func failure(_ result: ProcessResult) -> Failure {
    let text = String(decoding: result.errorOutput, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).map { line in
      String(line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
    }
    func line(_ sign: String) -> String? { lines.last { $0.contains(sign) } }
    // rsync hands on what ssh ends with.
    let isConnection = result.status == .exited(255) || line("Permission denied (") != nil
    let help: String
    if line("Host key verification failed") != nil || line("REMOTE HOST IDENTIFICATION HAS CHANGED") != nil {
      return Failure(
        "ssh does not know the key of \(place.host): \(line("Host key verification failed") ?? "it has changed")",
        help: "log in once with `ssh \(place.login)` and look whether it is the right one")
    } else if let reason = line("No space left on device") ?? line("Disk quota exceeded") {
      return Failure("no space is left at \(place): \(reason)", help: "make room there, and publish again")
    } else if let reason = line("Permission denied ("), isConnection {
      return Failure(
        "\(place.login) denies access: \(reason)",
        help:
          "publishing needs a key that ssh uses without asking (ssh-agent); try `ssh -o BatchMode=yes \(place.login)`")
    } else if isConnection {
      help = "try `ssh -o BatchMode=yes \(place.login) true`"
      return Failure("\(place.login) cannot be reached: \(lines.last ?? "ssh says nothing")", help: help)
    } else if line("not found") != nil {
      help = "the other machine needs rsync, sha256sum, find and stat (GNU or busybox)"
    } else {
      help = "look at \(place)"
    }
    return Failure("\(place): \(lines.last ?? "it ended with \(result.status)")", help: help)
  }

  private static func mark() -> String {
    var random = SystemRandomNumberGenerator()
    return "coppice-" + String(random.next(), radix: 36)
  }
}
