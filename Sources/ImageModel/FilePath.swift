/// A path of this machine, byte for byte: names need not be UTF-8.
package struct FilePath: Hashable, Sendable, Comparable, ExpressibleByStringInterpolation, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }
  package init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  package init(_ text: some StringProtocol) { bytes = Array(text.utf8) }
  package init(stringLiteral text: String) { bytes = Array(text.utf8) }

  private static let slash = UInt8(ascii: "/")

  package var isAbsolute: Bool { bytes.first == Self.slash }
  package var isEmpty: Bool { bytes.isEmpty }

  /// For people: bytes that are not UTF-8 show as U+FFFD.
  package var description: String { String(decoding: bytes, as: UTF8.self) }

  /// The path as text, or nil when it is not UTF-8.
  package var text: String? { String(validating: bytes, as: UTF8.self) }

  /// The path below `self`; an absolute `path` replaces it.
  package func appending(_ path: FilePath) -> FilePath {
    if path.isAbsolute || isEmpty { return path }
    if path.isEmpty { return self }
    var joined: [UInt8] = []
    joined.reserveCapacity(bytes.count + 1 + path.bytes.count)
    joined += bytes
    if bytes.last != Self.slash { joined.append(Self.slash) }
    joined += path.bytes
    return FilePath(bytes: joined)
  }

  package static func / (left: FilePath, right: FilePath) -> FilePath { left.appending(right) }

  package var components: [[UInt8]] { bytes.split(separator: Self.slash).map(Array.init) }

  /// The last component; empty for `/` and the empty path.
  package var name: FilePath {
    guard bytes.last != Self.slash else { return FilePath(bytes: components.last ?? []) }
    guard let cut = bytes.lastIndex(of: Self.slash) else { return self }
    return FilePath(bytes: bytes[(cut + 1)...])
  }

  /// Without the last component: `/` for `/x`, empty for `x`.
  package var parent: FilePath {
    guard let cut = bytes.lastIndex(of: Self.slash) else { return FilePath(bytes: []) }
    return cut == 0 ? "/" : FilePath(bytes: bytes[..<cut])
  }

  /// Without `.`, repeated slashes and, lexically, `..`; a relative path may keep leading `..`.
  package var normalized: FilePath {
    var kept: [[UInt8]] = []
    for component in components where component != [UInt8(ascii: ".")] {
      let isUp = component == Array("..".utf8)
      if isUp, let last = kept.last, last != Array("..".utf8) {
        kept.removeLast()
      } else if !(isUp && isAbsolute) {
        kept.append(component)
      }
    }
    let joined = Array(kept.joined(separator: [Self.slash]))
    if isAbsolute { return FilePath(bytes: [Self.slash] + joined) }
    return joined.isEmpty ? "." : FilePath(bytes: joined)
  }

  /// Whether `self` is `directory` or lies below it, by components.
  package func isBelow(_ directory: FilePath) -> Bool { components.starts(with: directory.components) }

  /// The rest of `self` after `directory`; nil when it does not lie there.
  package func relative(to directory: FilePath) -> FilePath? {
    let (mine, theirs) = (components, directory.components)
    guard mine.starts(with: theirs) else { return nil }
    return FilePath(bytes: mine.dropFirst(theirs.count).joined(separator: [Self.slash]))
  }

  // Paths are the keys of large tables: all bytes at once, not one by one as an array does.
  package func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  package static func < (left: FilePath, right: FilePath) -> Bool { left.bytes.precedes(right.bytes) }
}
