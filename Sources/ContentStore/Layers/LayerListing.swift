internal import HostSystem
internal import ImageModel

/// What a layer holds, without times and without the order of its entries: one record for each path, sorted.
///
/// Its bytes are kept as a blob, whose digest is the layer's content digest.
struct LayerListing: Sendable {
  struct Entry: Sendable, Equatable {
    /// Without leading `./` and slashes, without a slash at the end; the root is empty.
    var path: [UInt8]
    /// Everything else that counts, as it is encoded.
    var record: [UInt8]

    /// Of a file: the last field, behind which a zero stands.
    var content: Digest? {
      record.dropLast().split(separator: 0).last.flatMap { Digest(hex: String(decoding: $0, as: UTF8.self)) }
    }
  }

  private static let header = Array("coppice layer listing 1\n".utf8)

  /// Sorted by path.
  private(set) var entries: [Entry]

  /// Reads a layer to its end.
  /// - Parameters:
  ///   - limit: of the listing's bytes, for archives with endless entries.
  ///   - holes: of all sparse files together.
  ///   - observe: sees every entry in the order of the archive, with its content's digest if it has content.
  init(
    ofTar source: any ByteReader, name: String, limit: Int, holes: Int = 1 << 36,
    _ observe: (TarEntry, Digest?) -> Void = { _, _ in }
  ) throws {
    let reader = TarReader(source, name: name, holes: holes)
    var entries: [Entry] = []
    var size = 0
    while let entry = try reader.next() {
      let content = entry.hasContent ? try reader.digestOfContent() : nil
      observe(entry, content)
      let record = Self.record(of: entry, content: content)
      entries.append(Entry(path: Self.normalized(entry.path), record: record))
      size += entry.path.count + record.count + 64
      guard size <= limit else {
        throw Failure("\(name) has too many entries", help: "an image with so many files is not supported")
      }
    }
    // What stands behind the last entry belongs to the layer's digest.
    try source.drain()
    self.entries = Self.sorted(entries)
  }

  /// A path may occur twice in a layer; the last entry is what an engine leaves.
  private static func sorted(_ entries: [Entry]) -> [Entry] {
    let order = entries.indices.sorted { left, right in
      let (first, second) = (entries[left].path, entries[right].path)
      return first == second ? left < right : first.lexicographicallyPrecedes(second)
    }
    var result: [Entry] = []
    result.reserveCapacity(entries.count)
    for index in order {
      if result.last?.path == entries[index].path { result.removeLast() }
      result.append(entries[index])
    }
    return result
  }

  static func normalized(_ path: [UInt8]) -> [UInt8] {
    let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
    var rest = path[...]
    while let first = rest.first {
      if first == slash || rest.elementsEqual([dot]) {
        rest = rest.dropFirst()
      } else if rest.starts(with: [dot, slash]) {
        rest = rest.dropFirst(2)
      } else {
        break
      }
    }
    while rest.last == slash { rest = rest.dropLast() }
    return Array(rest)
  }

  /// Fields that end with a zero: type, mode, owner, group, size, device, link, attributes, content.
  private static func record(of entry: TarEntry, content: Digest?) -> [UInt8] {
    var attributes = ""
    if !entry.attributes.isEmpty {
      var hasher = SHA256Hasher()
      for (name, value) in entry.attributes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        hasher.update(Array("\(name.count) ".utf8) + name + Array(" \(value.count) ".utf8) + value)
      }
      attributes = hasher.finish().hex
    }
    let isDevice = entry.kind == .characterDevice || entry.kind == .blockDevice
    let isLink = entry.kind == .hardLink || entry.kind == .symbolicLink
    var record: [UInt8] = []
    func add(_ field: some Sequence<UInt8>) {
      record.append(contentsOf: field)
      record.append(0)
    }
    add(CollectionOfOne(entry.kind.rawValue))
    // The attributes of a hard link are those of its target, whatever the entry says.
    let isHardLink = entry.kind == .hardLink
    add((isHardLink ? "" : String(entry.mode, radix: 8)).utf8)
    add((isHardLink ? "" : String(entry.uid)).utf8)
    add((isHardLink ? "" : String(entry.gid)).utf8)
    add(String(entry.size).utf8)
    add((isDevice ? "\(entry.deviceMajor),\(entry.deviceMinor)" : "").utf8)
    add(isLink ? (isHardLink ? normalized(entry.link) : entry.link) : [])
    add(attributes.utf8)
    add((content?.hex ?? "").utf8)
    return record
  }
}

extension LayerListing {
  private static let fieldCount = 9

  var bytes: [UInt8] {
    var bytes = Self.header
    bytes.reserveCapacity(entries.reduce(bytes.count) { $0 + $1.path.count + $1.record.count + 2 })
    for entry in entries {
      bytes += entry.path
      bytes.append(0)
      bytes += entry.record
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// Nil when it is no listing.
  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: Self.header) else { return nil }
    var rest = bytes[Self.header.count...]
    entries = []
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: 0) else { return nil }
      var last = end
      for _ in 0..<Self.fieldCount {
        guard let next = rest[(last + 1)...].firstIndex(of: 0) else { return nil }
        last = next
      }
      guard last + 1 < rest.endIndex, rest[last + 1] == UInt8(ascii: "\n") else { return nil }
      entries.append(Entry(path: Array(rest[..<end]), record: Array(rest[(end + 1)...last])))
      rest = rest[(last + 2)...]
    }
  }

  /// The paths that only one has or that differ, with a slash in front, and what lies there in either; it stops behind
  /// `limit` of them.
  static func differences(
    _ left: LayerListing?, _ right: LayerListing?, limit: Int = .max
  ) -> [String: Set<Digest>] {
    var (first, second) = ((left?.entries ?? [])[...], (right?.entries ?? [])[...])
    var found: [String: Set<Digest>] = [:]
    func add(_ entries: Entry...) {
      guard let path = entries.first?.path else { return }
      found["/" + String(decoding: path, as: UTF8.self).printable, default: []].formUnion(entries.compactMap(\.content))
    }
    while found.count <= limit, let one = first.first, let other = second.first {
      if one.path == other.path {
        if one.record != other.record { add(one, other) }
        first.removeFirst()
        second.removeFirst()
      } else if one.path.lexicographicallyPrecedes(other.path) {
        add(first.removeFirst())
      } else {
        add(second.removeFirst())
      }
    }
    for entry in [first, second].joined() {
      if found.count > limit { break }
      add(entry)
    }
    return found
  }
}
