import Glibc
import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

/// What one run of the real program gave.
struct Run: Sendable {
  var status: HostSystem.ExitStatus
  var output: String
  var errorOutput: String

  var exitCode: Int32 { if case .exited(let code) = status { code } else { -1 } }
  var all: String { "\(status)\n\(output)\n\(errorOutput)" }

  /// Standard output, line by line, as JSON.
  var events: [JSONValue] {
    get throws { try output.split(separator: "\n").map { try JSONValue(parsing: String($0)) } }
  }
}

/// A repository in a directory of its own, with the real `coppice` at work in it.
final class Repository: Sendable {
  let directory: TemporaryDirectory
  let environment: [String: String]
  let engine: String

  /// Whether buildah keeps its images in the directory, so that tests may end it anywhere.
  let hasOwnEngineStore: Bool

  /// - Parameters:
  ///   - engine: `buildah` or `docker`.
  ///   - hasOwnEngineStore: nobody else's images are at risk.
  ///   - isInMemory: whether it lies where nobody waits for a disk, for small trees.
  init(engine: String = "buildah", hasOwnEngineStore: Bool = false, isInMemory: Bool = false) async throws {
    directory = try TemporaryDirectory(isInMemory: isInMemory)
    self.engine = engine
    self.hasOwnEngineStore = hasOwnEngineStore
    var environment = Laboratory.environment
    // Nothing of the person who runs the tests may come in.
    for name in environment.keys where name.hasPrefix("COPPICE_") || name.hasPrefix("CASA_") { environment[name] = nil }
    environment["HOME"] = (directory / "home").description
    environment["COPPICE_BUILTIN"] = "none"
    environment["COPPICE_ENGINE"] = engine
    environment["GIT_AUTHOR_NAME"] = "t"
    environment["GIT_AUTHOR_EMAIL"] = "t@t"
    environment["GIT_COMMITTER_NAME"] = "t"
    environment["GIT_COMMITTER_EMAIL"] = "t@t"
    if engine == "docker" { environment["DOCKER_HOST"] = try await Laboratory.docker() }
    if hasOwnEngineStore { environment["CONTAINERS_STORAGE_CONF"] = (directory / "engine/storage.conf").description }
    self.environment = environment
    if hasOwnEngineStore {
      try write(
        "engine/storage.conf",
        """
        [storage]
        driver = "overlay"
        graphroot = "\(directory / "engine/root")"
        runroot = "\(directory / "engine/run")"

        """)
    }
    try write("coppice.yaml", "namespace: cati\nsingularity: false\n")
    try Laboratory.files.createDirectory(directory / "home")
  }

  deinit {
    guard hasOwnEngineStore else { return }
    // An engine that was killed leaves its mounts, and what is mounted is not removed.
    let mounts = (try? Laboratory.files.contents(of: "/proc/self/mounts", limit: 1 << 24)) ?? []
    for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n").reversed() {
      let words = line.split(separator: " ")
      guard words.count > 1, FilePath(String(words[1])).isBelow(directory.path) else { continue }
      umount2(String(words[1]), Int32(MNT_DETACH))
    }
  }

  func write(_ path: FilePath, _ text: String, mode: UInt16 = 0o644) throws {
    try directory.write(path, text, mode: mode)
  }

  /// One definition below `share/docker`.
  func define(_ path: String, _ yaml: String, dockerfile: String) throws {
    try write("share/docker/\(path)/casa_distro_docker.yaml", yaml)
    try write("share/docker/\(path)/Dockerfile", dockerfile)
  }

  /// base ← python ← science, and base ← tools; `python` keeps the first line of data.txt only.
  func defineTree() throws {
    let busybox = try Laboratory.files.contents(of: Laboratory.busybox, limit: 1 << 24)
    try define(
      "base/1", "image_sources:\n  - name: base\n    tags: [latest, '1']\n",
      dockerfile: """
        FROM scratch
        COPY busybox /bin/busybox
        RUN ["/bin/busybox", "--install", "-s", "/bin"]
        ENV PATH=/bin

        """)
    try Laboratory.files.replace(directory / "share/docker/base/1/busybox", with: busybox, mode: 0o755)
    try define(
      "python/1", "dependencies: [../../base]\nimage_sources:\n  - {name: python, tags: ['1']}\n",
      dockerfile: """
        FROM cati/base:1 AS first
        COPY data.txt /data.txt
        RUN head -n 1 /data.txt > /first
        FROM cati/base:1
        # what python keeps
        COPY --from=first /first /first
        RUN echo python > /python

        """)
    try write("share/docker/python/1/data.txt", "one\ntwo\n")
    try write("share/docker/python/1/notes.txt", "never copied\n")
    try define(
      "science/1",
      "dependencies: [../../python]\nimage_sources:\n  - {name: science, tags: ['1'], test: [test, -f, /python]}\n",
      dockerfile: "FROM cati/python:1\nRUN echo science > /science\n")
    try define(
      "tools/1", "dependencies: [../../base]\nimage_sources:\n  - {name: tools, tags: ['1']}\n",
      dockerfile: "FROM cati/base:1\nRUN echo tools > /tools\n")
  }

  func coppice(_ arguments: String..., in subdirectory: FilePath = "") async throws -> Run {
    try await coppice(arguments, in: subdirectory)
  }

  func coppice(_ arguments: [String], in subdirectory: FilePath = "") async throws -> Run {
    let program = (Laboratory.binaries / "coppice").description
    let result = try await Laboratory.run(
      [program] + arguments, in: directory / subdirectory, environment: environment)
    return Run(
      status: result.status, output: String(decoding: result.output, as: UTF8.self),
      errorOutput: String(decoding: result.errorOutput, as: UTF8.self))
  }

  func git(_ arguments: String...) async throws {
    let result = try await Laboratory.run(["git"] + arguments, in: directory.path, environment: environment)
    try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
  }

  /// Builds, and says what ran: `docker/python:1 built`.
  @discardableResult
  func build(_ arguments: String..., expecting exitCode: Int32 = 0) async throws -> [String] {
    let run = try await coppice(["build", "--progress", "json"] + arguments)
    try #require(run.exitCode == exitCode, "\(run.all)")
    let events = try run.events
    #expect(events.last?["event"]?.string == "done")
    return events.filter { $0["event"]?.string == "finished" }.map {
      "\($0["id"]?.string ?? "") \($0["outcome"]?.string ?? "")"
    }.sorted()
  }

  /// The state of every artifact: `docker/python:1` → `stale`.
  func states() async throws -> [String: String] {
    let run = try await coppice("status", "--json")
    try #require(run.exitCode == 0, "\(run.all)")
    var states: [String: String] = [:]
    for artifact in try JSONValue(parsing: run.output)["artifacts"]?.array ?? [] {
      states[artifact["id"]?.string ?? ""] = artifact["state"]?.string
    }
    return states
  }
}
