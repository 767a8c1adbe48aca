/// A docker image reference as in `FROM`: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.
///
/// Source: distribution/reference `regexp.go`; the first component is a registry when it has a dot or a colon or is
/// `localhost`.
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
  package var registry: String?
  /// With the namespace, without the registry: `library/ubuntu` only if written so.
  package var repository: String
  package var tag: String?
  package var digest: Digest?

  package init(registry: String? = nil, repository: String, tag: String? = nil, digest: Digest? = nil) {
    self.registry = registry
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }

  /// Why a text is not a reference.
  package enum Fault: Error, Sendable, Equatable {
    case empty
    /// A repository component that is not `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`.
    case component(String)
    case tag(String)
    case digest(String)
    case registry(String)
    /// Repository and registry have over 255 characters.
    case tooLong
  }

  package init(_ text: some StringProtocol) throws(Fault) {
    var rest = Substring(text)
    guard !rest.isEmpty else { throw .empty }
    if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
      guard let parsed = Digest(rest[rest.index(after: at)...]) else {
        throw .digest(String(rest[rest.index(after: at)...]))
      }
      digest = parsed
      rest = rest[..<at]
    }
    if let colon = rest.utf8.lastIndex(of: UInt8(ascii: ":")), !rest[colon...].utf8.contains(UInt8(ascii: "/")) {
      let tag = String(rest[rest.index(after: colon)...])
      guard Self.isTag(tag) else { throw .tag(tag) }
      self.tag = tag
      rest = rest[..<colon]
    }
    if let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
      let first = rest[..<slash]
      if first.contains(".") || first.contains(":") || first == "localhost" || first.contains(where: \.isUppercase) {
        guard Self.isRegistry(first) else { throw .registry(String(first)) }
        registry = String(first)
        rest = rest[rest.index(after: slash)...]
      }
    }
    repository = String(rest)
    for component in rest.split(separator: "/", omittingEmptySubsequences: false) {
      guard Self.isComponent(component) else { throw .component(String(component)) }
    }
    guard repository.utf8.count + (registry?.utf8.count ?? 0) <= 255 else { throw .tooLong }
  }

  /// Whether `text` is `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
  package static func isTag(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isWord(first), text.utf8.count <= 128 else { return false }
    return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
  }

  /// Whether `text` is one component of a repository: lower-case letters and digits with single separators inside.
  package static func isComponent(_ text: some StringProtocol) -> Bool {
    // The separator before the next byte, and how many of it there are: one dot, up to two underscores, any dashes.
    var (separator, count) = (UInt8(0), 0)
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    for byte in text.utf8 {
      if isAlphanumeric(byte) {
        count = 0
        continue
      }
      let most: Int
      switch byte {
      case UInt8(ascii: "."): most = 1
      case UInt8(ascii: "_"): most = 2
      case UInt8(ascii: "-"): most = .max
      default: return false
      }
      guard count == 0 || byte == separator && count < most else { return false }
      (separator, count) = (byte, count + 1)
    }
    return count == 0
  }

  private static func isRegistry(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        isWord($0) && $0 != UInt8(ascii: "_") || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":")].contains($0)
          || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
      }
  }

  /// The registry that serves it: `docker.io` where none is written.
  package var effectiveRegistry: String {
    // An older name of the same, which docker still writes.
    guard let registry, registry != "index.docker.io" else { return "docker.io" }
    return registry
  }

  /// The repository at that registry: Docker Hub's official images lie under `library/`.
  package var effectiveRepository: String {
    effectiveRegistry == "docker.io" && !repository.contains("/") ? "library/" + repository : repository
  }

  /// `docker.io/library/ubuntu:24.04`: the same text for every spelling of one image.
  package var canonical: String {
    var text = effectiveRegistry + "/" + effectiveRepository
    if let digest { return text + "@" + digest.description }
    text += ":" + (tag ?? "latest")
    return text
  }

  package var description: String {
    var text = (registry.map { $0 + "/" } ?? "") + repository
    if let tag { text += ":" + tag }
    if let digest { text += "@" + digest.description }
    return text
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
  }
}
