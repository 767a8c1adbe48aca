internal import HostSystem
package import ImageModel

/// An ssh server of one test on the loopback, with keys of its own.
package struct SSHServer: Sendable {
  package let port: Int
  private let directory: TemporaryDirectory

  /// Whether this machine has what it needs.
  package static let isPossible: Bool = {
    let files = PosixFileSystem()
    let places =
      (ProcessEnvironment.current["PATH"] ?? "/bin:/usr/bin").split(separator: ":").map(String.init) + ["/usr/sbin"]
    return ["sshd", "ssh", "rsync"].allSatisfy { program in
      places.contains { (try? files.status(of: FilePath(String($0)) / FilePath(program), followingLinks: true)) != nil }
    }
  }()

  /// Runs one for the time of `body`.
  package static func with(_ body: (SSHServer) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let started = try await run("sshd-start", directory)
    guard started.status.isSuccess, let port = Int(started.words) else {
      throw Failure(String(decoding: started.errorOutput, as: UTF8.self))
    }
    let server = SSHServer(port: port, directory: directory)
    do {
      try await body(server)
    } catch {
      _ = try await run("sshd-stop", directory)
      throw error
    }
    _ = try await run("sshd-stop", directory)
  }

  /// What ssh must be told to get there.
  /// - Parameter key: `key`, or `stranger`, which is not let in.
  package func words(key: String = "key", knowsHost: Bool = true) -> [String] {
    let known = knowsHost ? (directory.path / "known_hosts").description : "/dev/null"
    return [
      "-F", "/dev/null", "-i", (directory.path / FilePath(key)).description, "-o", "IdentitiesOnly=yes", "-o",
      "IdentityAgent=none", "-o", "UserKnownHostsFile=\(known)", "-o", "GlobalKnownHostsFile=/dev/null",
    ]
  }

  package func options(key: String = "key", knowsHost: Bool = true) -> SSHOptions {
    SSHOptions(port: port, words: words(key: key, knowsHost: knowsHost))
  }

  package func place(_ path: FilePath) -> RemotePlace {
    RemotePlace(host: "127.0.0.1", path: path.description)
  }

  private static func run(_ script: FilePath, _ directory: TemporaryDirectory) async throws -> ProcessResult {
    let scripts = FilePath(#filePath).parent.parent / "lab"
    return try await PosixProcessRunner().capture(
      ProcessCommand([(scripts / script).description, directory.path.description]))
  }
}

extension ProcessResult {
  fileprivate var words: String { String(decoding: output, as: UTF8.self).filter { !$0.isWhitespace } }
}
