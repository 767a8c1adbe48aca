import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ContentStore

/// An engine used as a person would use it, without coppice between.
struct DirectBuild: Sendable {
  enum Engine: String, CaseIterable { case buildah, docker, buildKit }

  let engine: Engine
  /// For its images and what it writes.
  let directory: FilePath
  private let environment: [String: String]

  init(_ engine: Engine, directory: FilePath) async throws {
    (self.engine, self.directory) = (engine, directory)
    var environment = Laboratory.environment
    if engine != .buildah { environment["DOCKER_HOST"] = try await Laboratory.docker() }
    environment["DOCKER_BUILDKIT"] = engine == .buildKit ? "1" : "0"
    self.environment = environment
    try Laboratory.files.createDirectory(directory)
  }

  /// Images stay until the directory goes.
  private var buildah: [String] {
    let store = ["--root", "\(directory / "root")", "--runroot", "\(directory / "run")", "--storage-driver", "vfs"]
    return ["buildah"] + store + ["bud", "--quiet", "--isolation", "chroot", "--no-cache", "--format", "docker"]
  }

  /// Makes an image of buildah that others are built from.
  func make(_ name: String, from context: FilePath) async throws {
    try #require(try await run(buildah + ["-t", name, context.description]) != nil)
  }

  /// What a build without cache puts below `/i`; nil when the engine refuses.
  func files(of context: FilePath, dockerfile: FilePath? = nil) async throws -> RootFiles? {
    let archive = directory / "out.tar"
    try Laboratory.files.remove(archive)
    let file = (dockerfile ?? context / "Dockerfile").description
    switch engine {
    case .buildah:
      let build = ["--output", "type=tar,dest=\(archive)", "-f", file, context.description]
      guard try await run(buildah + build) != nil else { return nil }
    case .buildKit:
      // The client of the distribution brings BuildKit itself; newer ones leave it to a plugin.
      let build = ["/usr/bin/docker", "build", "--quiet", "--no-cache", "--output", "type=tar,dest=\(archive)"]
      guard try await run(build + ["-f", file, context.description]) != nil else { return nil }
    case .docker:
      let build = ["docker", "build", "--quiet", "--no-cache", "--force-rm", "-f", file, context.description]
      guard let image = try await run(build), let container = try await run(["docker", "create", image, "-"]) else {
        return nil
      }
      _ = try await run(["docker", "export", "-o", archive.description, container])
      _ = try await run(["docker", "rm", container])
      _ = try await run(["docker", "rmi", image])
    }
    var files = try RootFiles(Laboratory.files.open(archive))
    // Its client writes a random name into the ignore file of a context in which no Dockerfile lies.
    if engine == .docker { files.leaveOut(".dockerignore") }
    return files
  }

  /// The last line of the output; nil when it fails.
  private func run(_ words: [String]) async throws -> String? {
    let result = try await Laboratory.run(words, environment: environment)
    guard result.status.isSuccess else { return nil }
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
  }
}

/// What lies below `/i` in an image: types, modes, owners, contents and targets by path, without times.
struct RootFiles: Equatable {
  private(set) var entries: [FilePath: String] = [:]

  init(_ archive: any ByteReader) throws {
    let tar = TarReader(archive, name: "the image")
    while let entry = try tar.next() {
      let path = FilePath(bytes: entry.path).normalized
      guard path != "i", FilePath(bytes: entry.path).isBelow("i") else { continue }
      let what = "\(String(entry.mode, radix: 8)) \(entry.uid):\(entry.gid)"
      switch entry.kind {
      case .file: entries[path] = "file \(what) \(try tar.digestOfContent())"
      case .directory: entries[path] = "directory \(what)"
      case .symbolicLink: entries[path] = "link \(String(decoding: entry.link, as: UTF8.self))"
      // That two names share a file is no difference: an engine gets copies.
      case .hardLink: entries[path] = entries[FilePath(bytes: entry.link).normalized]
      default: entries[path] = "\(entry.kind) \(what)"
      }
    }
  }

  fileprivate mutating func leaveOut(_ name: FilePath) { entries = entries.filter { $0.key.name != name } }

  /// Lines for what the two do not share.
  func differences(from other: RootFiles) -> [String] {
    Set(entries.keys).union(other.entries.keys).sorted().compactMap { path in
      let (old, new) = (other.entries[path], entries[path])
      return old == new ? nil : "\(path): \(old ?? "nothing") → \(new ?? "nothing")"
    }
  }
}
