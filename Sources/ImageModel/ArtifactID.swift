/// What kind of thing a step makes; the raw value begins its id.
package enum ArtifactKind: String, Sendable, Hashable, CaseIterable, Comparable {
  case docker
  /// A file made before a docker build by a definition's `generate:` block.
  case generate
  case sif
  case vbox

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The name of one artifact: `docker/casa-dev:ubuntu-18.04`, without the namespace and with the main tag;
/// for a generated file `generate/casa-dev/ubuntu-18.04:rootfs.tar`.
package struct ArtifactID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let kind: ArtifactKind
  package let name: String
  package let tag: String

  package init(kind: ArtifactKind, name: String, tag: String) {
    self.kind = kind
    self.name = name
    self.tag = tag
  }

  /// Parses `KIND/NAME:TAG`; the tag begins after the last colon.
  package init?(_ text: some StringProtocol) {
    let text = Substring(text)
    guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")),
      let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), slash < colon,
      let kind = ArtifactKind(rawValue: String(text[..<slash]))
    else { return nil }
    let (name, tag) = (text[text.utf8.index(after: slash)..<colon], text[text.utf8.index(after: colon)...])
    guard !name.isEmpty, !tag.isEmpty else { return nil }
    self.init(kind: kind, name: String(name), tag: String(tag))
  }

  package var description: String { "\(kind.rawValue)/\(name):\(tag)" }
  /// The order of the descriptions, without making them: large graphs compare millions of times.
  package static func < (left: Self, right: Self) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    var (first, second) = (left.name.utf8.makeIterator(), right.name.utf8.makeIterator())
    while true {
      let (mine, theirs) = (first.next(), second.next())
      if mine == nil && theirs == nil { return left.tag.utf8.lexicographicallyPrecedes(right.tag.utf8) }
      guard mine != theirs else { continue }
      // A colon follows the name.
      let (mark, other) = (mine ?? UInt8(ascii: ":"), theirs ?? UInt8(ascii: ":"))
      return mark != other ? mark < other : left.description < right.description
    }
  }
}
