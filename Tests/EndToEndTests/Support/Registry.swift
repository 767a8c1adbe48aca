import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// A registry of one test, which can be stopped.
struct Registry: Sendable {
  let address: String
  private let directory: TemporaryDirectory
  private let login: String?

  /// An image as a registry and its clients see it.
  struct Pushed: Sendable {
    /// Of its manifest.
    var digest: String
    /// The digests of its layers' contents, lowest first.
    var layers: [String]
    /// As coppice shows it.
    var short: String { String(digest.dropFirst("sha256:".count).prefix(12)) }
  }

  /// Runs one for the time of `body`.
  /// - Parameter hasTLS: with a certificate that nobody trusts, `certificate`.
  static func with(
    user: String? = nil, password: String = "", hasTLS: Bool = false, _ body: (Registry) async throws -> Void
  ) async throws {
    // Long runs send a gigabyte.
    let directory = try TemporaryDirectory(isInMemory: !Laboratory.isSoak)
    let words = [script("registry-start"), directory.path.description]
    let started = try await Laboratory.run(
      words + (user.map { ["--auth", $0, password] } ?? []) + (hasTLS ? ["--tls"] : []))
    try #require(started.status.isSuccess, "\(String(decoding: started.errorOutput, as: UTF8.self))")
    let address = String(decoding: started.output, as: UTF8.self).split(separator: "\n").last.map(String.init)
    let registry = Registry(
      address: try #require(address), directory: directory, login: user.map { "\($0):\(password)" })
    do {
      try await body(registry)
    } catch {
      try await registry.stop()
      throw error
    }
    try await registry.stop()
  }

  var certificate: FilePath { directory / "cert.pem" }
  /// Where it keeps everything; it looks there for each request anew.
  var data: FilePath { directory / "data" }

  /// `GET /v2/team/x/manifests/1` for every request so far.
  func requests() throws -> [String] {
    let log = String(
      decoding: try Laboratory.files.contents(of: directory / "registry.log", limit: 1 << 28), as: UTF8.self)
    return log.split(separator: "\n").compactMap { line in
      // The lines of the common log format: `… "GET /v2/ HTTP/1.1" 200 …`
      guard let start = line.firstRange(of: "] \"")?.upperBound,
        let end = line[start...].firstRange(of: " HTTP/")?.lowerBound
      else { return nil }
      return String(line[start..<end])
    }
  }

  /// What a tag leads to, as the registry keeps it on disk; nil where there is no such tag.
  func digest(_ repository: String, _ tag: String) throws -> String? {
    let place = FilePath("data/docker/registry/v2/repositories/\(repository)/_manifests/tags/\(tag)/current/link")
    return try Laboratory.files.contentsIfPresent(of: directory / place, limit: 200).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  func stop() async throws {
    _ = try await Laboratory.run([Self.script("registry-stop"), directory.path.description])
  }

  /// Builds an image of a repository and puts it under a name in this registry.
  func push(_ tree: Repository, _ image: String, as reference: String) async throws -> Pushed {
    try await tree.build(image)
    let layout = "oci:\(tree.directory / ".coppice/store"):cati/\(image)"
    let credentials = login.map { ["--dest-creds", $0] } ?? []
    let copied = try await tree.run(
      ["skopeo", "copy", "-q", "--dest-tls-verify=false"] + credentials + [layout, "docker://\(reference)"])
    try #require(copied.exitCode == 0, "\(copied.all)")
    let source = login.map { ["--creds", $0] } ?? []
    let inspected = try await tree.run(
      ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}"] + source + ["docker://\(reference)"])
    try #require(inspected.exitCode == 0, "\(inspected.all)")
    let digest = inspected.output.split(separator: "\n").first.map(String.init) ?? ""
    return Pushed(digest: digest, layers: try await tree.layers(image))
  }

  private static func script(_ name: FilePath) -> String { (Laboratory.sources / "Tests/lab" / name).description }
}

extension Repository {
  /// The digests of the layers' contents of a built image, lowest first.
  func layers(_ image: String) async throws -> [String] {
    let run = try await run(
      ["skopeo", "inspect", "--config", "oci:\(directory / ".coppice/store"):cati/\(image)"])
    try #require(run.exitCode == 0, "\(run.all)")
    return try JSONValue(parsing: run.output)["rootfs"]?["diff_ids"]?.strings ?? []
  }
}
