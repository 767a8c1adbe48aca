internal import HostSystem
package import ImageModel

/// Everything that a layer holds but its bytes: each entry in the order of the archive, contents as digests.
///
/// A root file system can be computed from it without decompressing anything. A listing cannot serve for that: it knows neither times
/// nor the order of entries, on which hard links depend.
package struct LayerIndex: Sendable, Equatable {
  private static let header = Array("coppice layer entries 1\n".utf8)

  /// Encoded, without what `bytes` adds.
  private var records: [UInt8] = []

  init() {}

  var size: Int { records.count }

  mutating func append(_ entry: TarEntry, content: Digest?) {
    records.append(entry.kind.rawValue)
    for number in [entry.mode, entry.uid, entry.gid, entry.size, entry.deviceMajor, entry.deviceMinor] { put(number) }
    // Times before 1970 are odd.
    put(entry.modified << 1 ^ entry.modified >> 63)
    put(entry.path)
    put(entry.link)
    put(entry.attributes.count)
    for (name, value) in entry.attributes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      put(name)
      put(value)
    }
    put(content?.bytes ?? [])
  }

  /// Seven bits a byte, the low ones first; all but the last have the eighth.
  private mutating func put(_ number: Int) {
    var rest = UInt(bitPattern: number)
    while rest >= 0x80 {
      records.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    records.append(UInt8(rest))
  }

  private mutating func put(_ bytes: [UInt8]) {
    put(bytes.count)
    records += bytes
  }

  // MARK: reading

  /// The entries in the order of the archive, contents as digests; it ends early when the records are not whole.
  struct Entries: Sequence, IteratorProtocol {
    fileprivate var cursor: Cursor

    mutating func next() -> (entry: TarEntry, content: Digest?)? { cursor.rest.isEmpty ? nil : cursor.entry() }
  }

  var entries: Entries { Entries(cursor: Cursor(rest: records[...])) }

  private var isWhole: Bool {
    var entries = entries
    while entries.next() != nil {}
    return entries.cursor.rest.isEmpty
  }

  fileprivate struct Cursor {
    var rest: ArraySlice<UInt8>

    mutating func number() -> Int? {
      var (value, shift) = (UInt(0), UInt(0))
      while shift < 64, let byte = rest.popFirst() {
        value |= UInt(byte & 0x7f) << shift
        if byte & 0x80 == 0 { return Int(bitPattern: value) }
        shift += 7
      }
      return nil
    }

    mutating func bytes() -> [UInt8]? {
      guard let count = number(), count >= 0, count <= rest.count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    mutating func entry() -> (TarEntry, Digest?)? {
      guard let kind = rest.popFirst().flatMap({ TarEntry.Kind(rawValue: $0) }), let mode = number(),
        let uid = number(), let gid = number(), let size = number(), let major = number(), let minor = number(),
        let time = number(), let path = bytes(), let link = bytes(), let count = number()
      else { return nil }
      var attributes: [[UInt8]: [UInt8]] = [:]
      for _ in 0..<max(0, count) {
        guard let name = bytes(), let value = bytes() else { return nil }
        attributes[name] = value
      }
      guard let content = bytes(), content.isEmpty || content.count == 32 else { return nil }
      let seconds = Int(bitPattern: UInt(bitPattern: time) >> 1) ^ -(time & 1)
      let entry = TarEntry(
        path: path, kind: kind, mode: mode, uid: uid, gid: gid, size: size, modified: seconds, link: link,
        deviceMajor: major, deviceMinor: minor, attributes: attributes)
      return (entry, content.isEmpty ? nil : Digest(bytes: content))
    }
  }

  // MARK: keeping

  /// With the SHA-256 of all before it at the end.
  var bytes: [UInt8] {
    let body = Self.header + records
    return body + Digest.sha256(body).bytes
  }

  /// Nil when anything is wrong.
  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: Self.header), bytes.count >= Self.header.count + 32,
      Digest.sha256(bytes[..<(bytes.count - 32)]) == Digest(bytes: bytes.suffix(32))
    else { return nil }
    records = Array(bytes[Self.header.count..<(bytes.count - 32)])
    guard isWhole else { return nil }
  }
}

extension ImageLayout {
  func keep(_ index: LayerIndex, of diffID: Digest) throws {
    try write(layerIndexes / FilePath(diffID.hex), index.bytes)
  }

  /// What the layer with this diff_id holds; nil when nobody has noted it.
  package func index(ofLayer diffID: Digest) throws -> LayerIndex? {
    try inStore {
      try files.contentsIfPresent(of: layerIndexes / FilePath(diffID.hex), limit: 1 << 30).flatMap { LayerIndex($0) }
    }
  }

  /// What a stored layer holds. When nobody has noted it, or the note is damaged, its bytes are read, verified, and it is noted.
  package func index(of layer: StoredLayer, limits: RootLimits = RootLimits()) throws -> LayerIndex {
    if let index = try index(ofLayer: layer.diffID) { return index }
    let source = source(of: layer, name: "layer \(layer.blob)")
    let stream = try LayerStream(source, limit: limits.layer)
    let tar = TarReader(BufferedReader(stream), name: source.name, holes: limits.holes)
    var index = LayerIndex()
    do {
      while let entry = try tar.next() {
        index.append(entry, content: entry.hasContent ? try tar.digestOfContent() : nil)
        guard index.size <= limits.names else {
          throw Failure(
            "\(source.name) has more than \(limits.names) bytes of names", help: "no layer with more is read")
        }
      }
    } catch {
      throw stream.explanation(of: error)
    }
    try stream.finish()
    try keep(index, of: layer.diffID)
    return index
  }
}
