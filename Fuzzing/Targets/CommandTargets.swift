import DependencyGraph
import HostSystem
import ImageModel
import JSONText
import TestSupport

@testable import ImageTools
@testable import coppice

extension FuzzTarget {
  /// Answers of a registry, parted by zero bytes: a challenge, a line of status and type, a body; and again.
  static let registry = FuzzTarget("registry") { bytes in
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    for header in parts { try checkChallenge(header) }
    let answers = stride(from: 0, to: parts.count, by: 3).map { start in
      response(challenge: parts[start], line: parts.dropFirst(start + 1).first, body: parts.dropFirst(start + 2).first)
    }
    let count = Locked(0)
    let client = RegistryClient(
      perform: { _ in
        count.withLock { count in
          count += 1
          return answers[min(count, answers.count) - 1]
        }
      }, credentials: { _ in .password(user: "u", password: "p") }, clock: NoWait())
    let reference = ImageReference(registry: "localhost", repository: "a", tag: "1")
    do {
      _ = try await client.manifestDigest(of: reference, platform: Platform(os: "linux", architecture: "amd64"))
    } catch is RegistryError {}
    try require(count.withLock { $0 } <= 16, "the registry is asked \(count.withLock { $0 }) times")
  }

  private static func checkChallenge(_ header: String) throws {
    for challenge in AuthenticationChallenge.all(header) {
      try require(challenge.scheme == challenge.scheme.lowercased(), "the scheme \(challenge.scheme)")
      try require(challenge.parameters.keys.allSatisfy { !$0.isEmpty }, "a parameter without a name")
    }
  }

  private static func response(challenge: String, line: String?, body: String?) -> HTTPResponse {
    let words = (line ?? "").split(separator: " ")
    let body = Array((body ?? "").utf8)
    var headers = [(name: "www-authenticate", value: challenge)]
    if words.count > 1 { headers.append(("content-type", String(words[1]))) }
    if words.count > 2 { headers.append(("retry-after", String(words[2]))) }
    if words.count > 3 { headers.append(("docker-content-digest", Digest.sha256(body).description)) }
    return HTTPResponse(status: words.first.flatMap { Int($0) } ?? 200, headers: headers, body: body)
  }

  /// What `docker login` leaves.
  static let credentials = FuzzTarget("credentials", share: 2) { bytes in
    let disk = InMemoryFileSystem()
    disk.write("/home/.docker/config.json", bytes: bytes)
    let credentials = RegistryCredentials(
      files: disk, processes: ScriptedProcessRunner { _ in .prints("") }, environment: ["HOME": "/home"])
    do {
      _ = try await credentials.credential(for: ImageReference(registry: "r.example", repository: "a/b"))
    } catch is Failure {}
    try require(Base64.decode(Base64.encode(bytes)) == bytes, "bytes are decoded as others")
    _ = Base64.decode(String(decoding: bytes, as: UTF8.self))
  }

  /// One word a line.
  static let arguments = FuzzTarget("arguments") { bytes in
    let words = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    do throws(InvalidInput) {
      _ = try CommandLineRequest(words)
    } catch {
      try require(!error.diagnostics.isEmpty, "refused without a reason")
    }
  }

  /// Names in all their forms: what is parsed is written and parsed as the same.
  static let names = FuzzTarget("names") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    if let reference = try? ImageReference(text) {
      try require(reference.description == text, "\(text) is written \(reference)")
      let canonical = try ImageReference(reference.canonical)
      try require(canonical.canonical == reference.canonical, "\(reference.canonical) is not canonical")
    }
    if let id = ArtifactID(text) { try require(id.description == text, "\(text) is written \(id)") }
    if let platform = Platform(text) { try require(platform.description == text, "\(text) is written \(platform)") }
    if let digest = Digest(text) { try require(digest.description == text, "\(text) is written \(digest)") }
    let path = FilePath(bytes: bytes).normalized
    try require(path.normalized == path, "\(path) is normalized twice")
    try require(path.isAbsolute == FilePath(bytes: bytes).isAbsolute, "\(path) leads elsewhere")
    let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 2 {
      // No name of an artifact is longer.
      let name = String(parts[1].prefix(512))
      _ = Glob(parts[0]).matches(name)
      _ = NearestSpelling.of(parts[0], among: [name])
      if let first = ArtifactID(parts[0]), let second = ArtifactID(parts[1]) {
        try require([first < second, second < first, first == second].count { $0 } == 1, "\(first) and \(second)")
      }
    }
  }
}

private struct NoWait: Clock {
  typealias Instant = ContinuousClock.Instant

  var now: Instant { ContinuousClock.now }
  var minimumResolution: Duration { .zero }
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}
