package import ImageModel

/// What a list of inputs says of one file: `file MODE sha256:…`, `directory MODE` or `link TARGET`.
package enum ContextValue: Hashable, Sendable {
  case file(mode: String, Digest)
  case directory(mode: String)
  case link(target: String)

  package init?(_ value: some StringProtocol) {
    let words = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard words.count == 2 else { return nil }
    switch words[0] {
    case "file":
      let parts = words[1].split(separator: " ")
      guard parts.count == 2, let digest = Digest(parts[1]) else { return nil }
      self = .file(mode: String(parts[0]), digest)
    case "directory": self = .directory(mode: String(words[1]))
    case "link": self = .link(target: String(words[1]))
    default: return nil
    }
  }

  init?(_ value: [UInt8]) { self.init(String(decoding: value, as: UTF8.self)) }

  package var digest: Digest? { if case .file(_, let digest) = self { digest } else { nil } }
}
