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
  /// Of all three, made once: ids are the keys of every table, and are looked up far more often than made.
  private let summary: Int

  package init(kind: ArtifactKind, name: String, tag: String) {
    self.kind = kind
    self.name = name
    self.tag = tag
    var hasher = Hasher()
    hasher.combine(kind)
    hasher.combine(name)
    hasher.combine(tag)
    summary = hasher.finalize()
  }

  /// Parses `KIND/NAME:TAG`; the tag begins after the last colon.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let id = text.withUTF8({ ArtifactID(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = id
  }

  /// As of text, parsed where it lies.
  /// - Precondition: `text` is UTF-8.
  package init?(utf8 text: UnsafeRawBufferPointer) {
    guard let slash = text.firstIndex(of: UInt8(ascii: "/")), let colon = text.lastIndex(of: UInt8(ascii: ":")),
      slash + 1 < colon, colon + 1 < text.count,
      let kind = ArtifactKind.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text[..<slash]) })
    else { return nil }
    self.init(
      kind: kind, name: String(decoding: text[(slash + 1)..<colon], as: UTF8.self),
      tag: String(decoding: text[(colon + 1)...], as: UTF8.self))
  }

  package var description: String { "\(kind.rawValue)/\(name):\(tag)" }

  package static func == (left: Self, right: Self) -> Bool {
    left.summary == right.summary && left.name == right.name && left.tag == right.tag && left.kind == right.kind
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(summary) }

  /// The order of the descriptions, without making them: large graphs compare millions of times.
  package static func < (left: Self, right: Self) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    var (first, second) = (left.name, right.name)
    let order: Int? = first.withUTF8 { mine in second.withUTF8 { theirs in compare(mine, theirs) } }
    guard let order else { return left.description < right.description }
    return order == 0 ? left.tag.utf8.lexicographicallyPrecedes(right.tag.utf8) : order < 0
  }

  /// Less than 0 where the first name and the colon behind it are before the second and its colon, more where they are
  /// behind; nil where the names do not tell.
  private static func compare(_ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>) -> Int? {
    var place = 0
    while place < first.count && place < second.count {
      if first[place] != second[place] { return Int(first[place]) - Int(second[place]) }
      place += 1
    }
    if first.count == second.count { return 0 }
    let colon = UInt8(ascii: ":")
    let (mark, other) = place == first.count ? (colon, second[place]) : (first[place], colon)
    return mark == other ? nil : Int(mark) - Int(other)
  }
}
