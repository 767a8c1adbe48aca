import HostSystem
import ImageModel
import JSONText
import Testing
import TestSupport

extension Repository {
  /// A step of one image beside `base`, whose Dockerfile begins from it.
  func defineTools(_ instructions: String) throws {
    try define(
      "tools/1", "dependencies: [../../base]\nimage_sources:\n  - {name: tools, tags: ['1']}\n",
      dockerfile: "FROM cati/base:1\n" + instructions + "\n")
  }

  func start(_ arguments: String..., adding variables: [String: String] = [:]) async throws -> RunningCoppice {
    try await start(arguments, adding: variables)
  }

  func start(_ arguments: [String], adding variables: [String: String] = [:]) async throws -> RunningCoppice {
    try await RunningCoppice(
      arguments, in: directory.path, environment: environment.merging(variables) { $1 })
  }

  /// As `coppice`, with other variables.
  func run(_ arguments: String..., adding variables: [String: String]) async throws -> Run {
    try await RunningCoppice(arguments, in: directory.path, environment: environment.merging(variables) { $1 }).end()
  }

  var store: FilePath { directory / ".coppice/store" }

  func lockfile() throws -> String { try directory.text("coppice.lock") }

  /// Everything is built, whole, readable by others, and nothing of a broken run is left.
  func expectEverythingIsWell(sourceLocation: Testing.SourceLocation = #_sourceLocation) async throws {
    let states = try await states()
    #expect(states.values.allSatisfy { $0 == "current" }, "\(states)", sourceLocation: sourceLocation)
    let verified = try await coppice("verify")
    #expect(verified.exitCode == 0, "\(verified.all)", sourceLocation: sourceLocation)
    #expect(verified.errorOutput.isEmpty, "\(verified.all)", sourceLocation: sourceLocation)
    #expect(try leftovers() == [], sourceLocation: sourceLocation)
    try await expectNamesAreTrue(of: Array(states.keys), sourceLocation: sourceLocation)
    if hasOwnEngineStore {
      let containers = try await Laboratory.run(["buildah", "containers", "--quiet"], environment: environment)
      #expect(containers.output.isEmpty, "working containers are left", sourceLocation: sourceLocation)
    }
  }

  /// In the store, every image's name leads to what the lockfile records of it; what it does not record has no name.
  func expectNamesAreTrue(of ids: [String], sourceLocation: Testing.SourceLocation = #_sourceLocation) async throws {
    guard Laboratory.has("skopeo") else { return }
    let lines = try lockfile().split(separator: "\n").map { $0.drop { $0 == " " } }
    for id in ids where id.hasPrefix("docker/") {
      let recorded = lines.drop { $0 != "\(id):" && $0 != "'\(id)':" && $0 != "\"\(id)\":" }.first {
        $0.hasPrefix("index: ")
      }
      let name = "cati/" + id.drop { $0 != "/" }.dropFirst()
      let read = try await Laboratory.run(["skopeo", "inspect", "--raw", "oci:\(store):\(name)"])
      let named = read.status.isSuccess ? "index: \(Digest.sha256(read.output))" : nil
      #expect(
        named == recorded.map(String.init), "\(name): \(String(decoding: read.errorOutput, as: UTF8.self))",
        sourceLocation: sourceLocation)
    }
  }

  /// Directories of runs, and files that no run gave their names.
  func leftovers() throws -> [String] {
    let files = Laboratory.files
    var found = try files.entries(of: directory / ".coppice/tmp").map(\.name.description)
    for place in [directory.path, directory / ".coppice"] {
      found += try files.entries(of: place).map(\.name.description).filter { $0.hasPrefix(".coppice-") }
    }
    return found
  }

  /// Whatever has its final name is whole, at any moment.
  func expectNothingIsHalfWritten(sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    let files = Laboratory.files
    for entry in try files.entries(of: store / "blobs/sha256") {
      let digest = try files.digest(of: store / "blobs/sha256" / entry.name)
      #expect(digest.hex == entry.name.description, sourceLocation: sourceLocation)
    }
    let index = try directory.text(".coppice/store/index.json")
    #expect(throws: Never.self, sourceLocation: sourceLocation) { try JSONValue(parsing: index) }
    for directory in ["images", "layers"] {
      for entry in (try? files.entries(of: store / "coppice" / FilePath(directory))) ?? [] {
        let path: FilePath = ".coppice/store/coppice" / FilePath(directory) / entry.name
        let last = try self.directory.text(path).split(separator: "\n").last ?? ""
        let isWhole = entry.name.description.hasPrefix(".coppice-") || last.hasPrefix("check sha256:")
        #expect(isWhole, "\(path)", sourceLocation: sourceLocation)
      }
    }
  }

  /// A file of an image, as the engine shows it; nil when there is none.
  func file(_ path: FilePath, inImage name: String) async throws -> String? {
    try #require(try await coppice("load", name).exitCode == 0)
    func buildah(_ arguments: String...) async throws -> String {
      let result = try await Laboratory.run(["buildah"] + arguments, environment: environment)
      try #require(result.status.isSuccess, "\(String(decoding: result.errorOutput, as: UTF8.self))")
      return String(decoding: result.output.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
    let container = try await buildah("from", "--pull-never", "cati/" + name)
    let root = FilePath(try await buildah("mount", container))
    let bytes = try Laboratory.files.contentsIfPresent(of: root / path, limit: 1 << 20)
    _ = try await buildah("rm", container)
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Puts a program of ours before the engine's; `script` may call the real one as `$real`.
  /// - Returns: the variables with which it is found.
  func standIn(for program: String, _ script: String) throws -> [String: String] {
    let path = environment["PATH"] ?? "/usr/bin:/bin"
    let real = path.split(separator: ":").map { FilePath(String($0)) / FilePath(program) }
      .first { (try? Laboratory.files.status(of: $0, followingLinks: true)) != nil }
    try write(
      FilePath("stand-in") / FilePath(program),
      "#!/bin/bash\nreal=\(real?.description ?? "/nowhere")\n\(script)\n", mode: 0o755)
    return ["PATH": "\(directory / "stand-in"):\(path)"]
  }
}
