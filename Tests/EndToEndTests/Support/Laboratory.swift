import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// Real peers on this machine, started when a test first needs them; `scripts/run-tests` stops them at the end.
enum Laboratory {
  static let files = PosixFileSystem()
  static let processes = PosixProcessRunner()
  static let environment = ProcessEnvironment.current

  /// Where peers keep their state, made and removed by `scripts/run-tests`.
  static let directory: FilePath? = environment["COPPICE_LAB"].map { FilePath($0) }

  /// Whether the suite runs with long counts (`make soak`).
  static let isSoak = environment["COPPICE_SOAK"] != nil

  /// The directory with the test binary, and so with `coppice`.
  static let binaries: FilePath = (try? files.target(ofLink: "/proc/self/exe"))?.parent ?? "."

  /// The root of the source tree.
  static let sources: FilePath = FilePath(#filePath).parent.parent.parent.parent

  static func has(_ program: String) -> Bool {
    (environment["PATH"] ?? "").split(separator: ":").contains { directory in
      (try? files.status(of: FilePath(String(directory)) / FilePath(program), followingLinks: true)) != nil
    }
  }

  /// A static program with a shell and tools in it.
  static let busybox: FilePath = "/bin/busybox"
  static var hasBusybox: Bool { (try? files.status(of: busybox, followingLinks: true)) != nil }

  /// The socket of a docker daemon of our own.
  static func docker() async throws -> String {
    let directory = try #require(directory, "run through make test")
    return "unix://" + (try await lab("dockerd-start", directory / "dockerd"))
  }

  /// `host:port` of a registry of our own.
  static func registry() async throws -> String {
    let directory = try #require(directory, "run through make test")
    return try await lab("registry-start", directory / "registry")
  }

  private static func lab(_ script: FilePath, _ directory: FilePath) async throws -> String {
    let result = try await run([(sources / "Tests/lab" / script).description, directory.description])
    try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
  }

  static func run(
    _ arguments: [String], in directory: FilePath? = nil, environment: [String: String]? = nil
  ) async throws -> ProcessResult {
    try await processes.capture(
      ProcessCommand(arguments, environment: environment, directory: directory), limit: 1 << 26)
  }
}
