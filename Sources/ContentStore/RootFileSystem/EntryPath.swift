/// A path within a layer, taken apart; slashes and dots that mean nothing are passed over.
struct EntryPath {
  private let bytes: [UInt8]
  private let components: [Range<Int>]

  enum Fault: Error {
    case leavesTheRoot
    case nameTooLong
  }

  /// What file systems allow.
  private static let longestName = 255

  init(_ bytes: [UInt8]) throws(Fault) {
    let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
    var (components, start) = ([Range<Int>](), 0)
    components.reserveCapacity(8)
    for end in 0...bytes.count where end == bytes.count || bytes[end] == slash {
      let count = end - start
      if count > Self.longestName { throw .nameTooLong }
      if count == 2, bytes[start] == dot, bytes[start + 1] == dot { throw .leavesTheRoot }
      if count > 1 || count == 1 && bytes[start] != dot { components.append(start..<end) }
      start = end + 1
    }
    (self.bytes, self.components) = (bytes, components)
  }

  var count: Int { components.count }

  /// Calls `body` with a component.
  func withName<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[components[index]])) }
  }

  /// Whether a component cannot be the name of a file.
  var holdsMarker: Bool { components.indices.contains { withName($0, Marker.begins) } }
}

/// What the name of an entry says of lower layers.
enum Marker {
  /// `.wh.NAME`
  case whiteout(UnsafeRawBufferPointer)
  /// `.wh..wh..opq`
  case opaque
  /// Another one of AUFS: it and what is below it belongs to no tree, but hard links may lead there.
  case other

  /// Nil for the name of a file.
  init?(_ name: UnsafeRawBufferPointer) {
    guard Marker.begins(name) else { return nil }
    let rest = UnsafeRawBufferPointer(rebasing: name[4...])
    if rest.elementsEqual(".wh..opq".utf8) {
      self = .opaque
    } else if Marker.begins(rest) {
      self = .other
    } else {
      self = .whiteout(rest)
    }
  }

  /// Whether a name cannot be that of a file.
  static func begins(_ name: UnsafeRawBufferPointer) -> Bool {
    name.count >= 4 && name[0] == UInt8(ascii: ".") && name[1] == UInt8(ascii: "w") && name[2] == UInt8(ascii: "h")
      && name[3] == UInt8(ascii: ".")
  }
}
