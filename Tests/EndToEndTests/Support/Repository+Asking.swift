import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

extension Repository {
  /// Runs `coppice` with other variables: nil removes one.
  func coppice(
    _ arguments: [String], environment changes: [String: String?], in subdirectory: FilePath = ""
  ) async throws -> Run {
    try await run(
      [(Laboratory.binaries / "coppice").description] + arguments, environment: changes, in: subdirectory)
  }

  /// Runs any program as `coppice` would be run.
  func run(
    _ words: [String], environment changes: [String: String?] = [:], in subdirectory: FilePath = ""
  ) async throws -> Run {
    var environment = environment
    for (name, value) in changes { environment[name] = value }
    let result = try await Laboratory.run(words, in: directory / subdirectory, environment: environment)
    return Run(
      status: result.status, output: String(decoding: result.output, as: UTF8.self),
      errorOutput: String(decoding: result.errorOutput, as: UTF8.self))
  }

  /// base ← app and base ← tools, for what needs no engine; base is made from `ubuntu:24.04`.
  func defineSketch() throws {
    try define(
      "base/1", "image_sources:\n  - name: base\n    tags: [latest, '1']\n    build_args: {JOBS: '4'}\n",
      dockerfile: "FROM ubuntu:24.04\nARG JOBS\nCOPY *.txt /\nRUN true\n")
    try write("share/docker/base/1/data.txt", "data\n")
    try define(
      "app/1", "dependencies: [../../base]\nimage_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: "FROM cati/base:1\nRUN true\n")
    try define(
      "tools/1", "dependencies: [../../base, ../../app]\nimage_sources:\n  - {name: tools, tags: ['1']}\n",
      dockerfile: "FROM cati/base\nRUN true\n")
  }

  /// One image of a shell and a few bytes, built in about a second.
  func defineShell(_ name: String = "shell", _ more: String = "", text: String = "one\n") throws {
    try define(
      "\(name)/1", "image_sources:\n  - name: \(name)\n    tags: [latest, '1']\n\(more)",
      dockerfile: """
        FROM scratch
        COPY busybox /bin/busybox
        COPY text /text
        ENV PATH=/bin

        """)
    try write("share/docker/\(name)/1/text", text)
    let busybox = try Laboratory.files.contents(of: Laboratory.busybox, limit: 1 << 24)
    try Laboratory.files.replace(directory / FilePath("share/docker/\(name)/1/busybox"), with: busybox, mode: 0o755)
  }

  /// Copies a tree of Tests/Fixtures into the repository, links as links.
  func copyFixture(_ name: String) async throws {
    let source = (Laboratory.sources / "Tests/Fixtures" / FilePath(name) / "share").description
    let copied = try await Laboratory.run(["cp", "-a", source, directory.path.description])
    try #require(copied.status.isSuccess, "\(String(decoding: copied.errorOutput, as: UTF8.self))")
  }

  /// `status --json` of one artifact.
  func status(of id: String) async throws -> JSONValue {
    let run = try await coppice("status", "--json")
    try #require(run.exitCode == 0, "\(run.all)")
    let artifacts = try JSONValue(parsing: run.output)["artifacts"]?.array ?? []
    return try #require(artifacts.first { $0["id"]?.string == id }, "\(run.all)")
  }

  /// The kinds of the reasons of one artifact.
  func reasons(of id: String) async throws -> [String] {
    (try await status(of: id)["reasons"]?.array ?? []).compactMap { $0["kind"]?.string }
  }

  /// What changed of one artifact's inputs: `context added data.txt`.
  func changes(of id: String) async throws -> [String] {
    let reasons = try await status(of: id)["reasons"]?.array ?? []
    let changes = reasons.first { $0["kind"]?.string == "inputsChanged" }?["changes"]?.array ?? []
    return changes.map { change in
      let name = change["name"]?.string ?? change["path"]?.string ?? ""
      let line = change["line"]?.integer.map { ":\($0)" } ?? ""
      return "\(change["what"]?.string ?? "") \(change["change"]?.string ?? "") \(name)\(line)"
    }
  }

  /// The text of every file below the repository that a search for a secret would look at, definitions excepted.
  func traces() async throws -> String {
    let found = try await run(["find", ".", "-type", "f", "-not", "-path", "./share/*", "-exec", "cat", "{}", "+"])
    return found.output
  }
}

extension Run {
  /// Every line of standard error that says `error:`.
  var errors: [String] { errorOutput.split(separator: "\n").map(String.init).filter { $0.contains(" error: ") } }

  /// The members of `done`, which must be the last event.
  var done: JSONValue? {
    get throws {
      let last = try events.last
      return last?["event"]?.string == "done" ? last : nil
    }
  }
}

extension Repository {
  /// What git has of it, with an engine's store of its own.
  func clone() async throws -> Repository {
    let clone = try await Repository(hasOwnEngineStore: true)
    try await clone.git("init", "-q", "-b", "main")
    try await clone.git("fetch", "-q", directory.path.description, "main")
    try await clone.git("reset", "-q", "--hard", "FETCH_HEAD")
    return clone
  }
}
