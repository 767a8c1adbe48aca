import ContentStore
import HostSystem
import ImageModel

/// Asks registries for manifests: OCI distribution specification, "Pull".
struct RegistryClient: Sendable {
  private let transfer: RetryingTransfer
  private let login: RegistryLogin
  private let limits: TimeLimits
  private let clock: any Clock<Duration>
  private let tags = SharedAnswers<String, TagMeaning>()
  /// Registries of which it is known that they speak plain http.
  private let plain = Locked(Set<String>())

  /// What is behind a tag.
  private enum TagMeaning: Sendable {
    /// One image, or a manifest that nobody read yet.
    case manifest(Digest)
    case index(PlatformChoices)
  }

  static let types = ManifestDocument.imageTypes + ManifestDocument.indexTypes
  /// What a server answers that does not know HEAD.
  static let withoutHead: Set<Int> = [400, 405, 501]
  /// Requests to one server at a time.
  private static let width = 4
  /// Configs hold labels and history: more than manifests, but no files.
  static let configLimit = 8 << 20
  /// How many indexes of indexes are opened, and how deep.
  private static let (nestedCount, nestedDepth) = (8, 3)

  /// - Parameters:
  ///   - perform: throws `TransferError`, `CancellationError`.
  ///   - note: told when a server makes us wait.
  init(
    perform: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse,
    credentials: @escaping @Sendable (ImageReference) async throws -> Credential?, clock: any Clock<Duration>,
    limits: TimeLimits = TimeLimits(), note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    let queue = ServerQueue(limit: Self.width)
    transfer = RetryingTransfer(
      perform: { request in try await queue.run(on: request.server) { try await perform(request) } }, clock: clock,
      note: note)
    login = RegistryLogin(transfer: transfer, credentials: credentials)
    (self.limits, self.clock) = (limits, clock)
  }

  /// Over the network, with the logins of this machine.
  init(
    files: any FileSystem, processes: any ProcessRunner, environment: [String: String],
    note: @escaping @Sendable (Diagnostic) -> Void
  ) {
    let credentials = RegistryCredentials(files: files, processes: processes, environment: environment)
    let transfer = CurlTransfer(environment: environment)
    self.init(
      perform: { try await transfer.perform($0) }, credentials: { try await credentials.credential(for: $0) },
      clock: ContinuousClock(), note: { note(Diagnostic(.note, $0)) })
  }

  /// The digest of the manifest that a reference means on a platform; asks once for each reference.
  /// - Throws: `RegistryError`, `CancellationError`; `Failure` where credentials cannot be had.
  func manifestDigest(of reference: ImageReference, platform: Platform) async throws -> Digest {
    switch try await tags.answer(for: reference.canonical, asking: { try await meaning(of: reference) }) {
    case .manifest(let digest): return digest
    case .index(let choices):
      var session = session(reference)
      return try await digest(in: choices, for: platform, &session)
    }
  }

  /// The bytes of the config of the image that a manifest's digest means; of an index, of the platform's.
  /// - Throws: as `manifestDigest`.
  func config(of reference: ImageReference, manifest: Digest, platform: Platform) async throws -> [UInt8] {
    var session = session(reference)
    var content = try await document(manifest, &session).content
    if case .index(let choices) = content {
      content = try await document(try await digest(in: choices, for: platform, &session), &session).content
    }
    guard case .image(let config) = content else {
      throw RegistryError(malformed: "its index has an index for \(platform)", about: reference)
    }
    return try await session.bytes("blobs/\(config)", digest: config, limit: Self.configLimit).body
  }

  /// Before a broken transfer goes on.
  /// - Parameter asked: by the server; more than ten minutes nobody waits.
  @Sendable func pause(_ breaks: Int = 1, _ asked: Duration? = nil) async throws {
    let own = Duration.seconds(1 << min(5, breaks - 1))
    try await clock.sleep(for: min(max(own, asked ?? .zero), .seconds(600)))
  }

  func session(_ reference: ImageReference, scope: RegistryScope = .pull) -> RegistrySession {
    RegistrySession(reference, transfer: transfer, login: login, limits: limits, plain: plain, scope: scope)
  }

  private func meaning(of reference: ImageReference) async throws -> TagMeaning {
    var session = session(reference)
    let path = "manifests/" + (reference.digest?.description ?? reference.tag ?? "latest")
    let head = try await session.ask("HEAD", path, accept: Self.types)
    // Not every registry knows HEAD: what it says to GET counts then.
    if head.status != 200, !Self.withoutHead.contains(head.status) { throw RegistryError(head, about: reference) }
    if head.status == 200, let digest = head["docker-content-digest"].flatMap({ Digest($0) }),
      ManifestDocument.imageTypes.contains(head.mediaType)
    {
      return .manifest(digest)
    }
    // An index, an old registry that gives no digest, or one that knows no HEAD.
    let answer = try await session.ask("GET", path, accept: Self.types)
    guard answer.status == 200 else { throw RegistryError(answer, about: reference) }
    let document = try read(answer, reference)
    let named = [reference.digest, answer["docker-content-digest"].flatMap { Digest($0) }].compactMap(\.self)
    if let other = named.first(where: { $0 != document.digest }) {
      throw RegistryError(malformed: "it sent other bytes than \(other.short) names", about: reference, help: nil)
    }
    switch document.content {
    case .image: return .manifest(document.digest)
    case .index(let choices): return .index(choices)
    }
  }

  private func read(_ answer: HTTPResponse, _ reference: ImageReference) throws -> ManifestDocument {
    do {
      return try ManifestDocument(answer.body, mediaType: answer.mediaType)
    } catch {
      throw RegistryError(malformed: error.words, about: reference, help: error.help)
    }
  }

  func document(_ digest: Digest, _ session: inout RegistrySession) async throws -> ManifestDocument {
    let answer = try await session.bytes(
      "manifests/\(digest)", digest: digest, accept: Self.types, limit: ManifestDocument.limit)
    return try read(answer, session.reference)
  }

  /// The image for a platform in an index.
  private func digest(
    in choices: PlatformChoices, for platform: Platform, _ session: inout RegistrySession
  ) async throws -> Digest {
    var offered: [String] = []
    if let found = try await digest(in: choices, for: platform, &session, depth: 1, &offered) { return found }
    let others = offered.isEmpty ? "its index names no image at all" : "it has " + offered.joined(separator: ", ")
    throw RegistryError(
      .malformed, "\(session.reference) has no image for \(platform)",
      help: choices.faults.first.map { "in its index \($0)" } ?? others)
  }

  /// Nil when there is none; an index may name further indexes.
  private func digest(
    in choices: PlatformChoices, for platform: Platform, _ session: inout RegistrySession, depth: Int,
    _ offered: inout [String]
  ) async throws -> Digest? {
    offered += choices.offered.filter { !offered.contains($0) }
    let best = choices.best(for: platform)
    if let best, !best.isIndex { return best.digest }
    guard depth <= Self.nestedDepth else { return nil }
    for digest in best.map({ [$0.digest] }) ?? Array(choices.nested.prefix(Self.nestedCount)) {
      guard case .index(let inner) = try await document(digest, &session).content else { continue }
      let found = try await self.digest(in: inner, for: platform, &session, depth: depth + 1, &offered)
      if let found { return found }
    }
    return nil
  }
}
