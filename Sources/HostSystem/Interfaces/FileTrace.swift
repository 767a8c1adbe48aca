package import ImageModel

/// What was asked of the file system, with the answers: as long as it would answer the same, so would everything that
/// was computed from nothing else. (A verifying trace, in the words of "Build systems à la carte".)
///
/// It is one block of bytes, the same in memory and in a file, so that a hundred thousand answers are compared without
/// an object for each. docs/design.md, "The index", has the format.
package struct FileTrace: Sendable {
  /// What a path leads to once all links are followed; nil for nothing.
  package struct Resolution: Hashable, Sendable {
    package var path: FilePath
    package var target: FilePath?

    package init(path: FilePath, target: FilePath?) {
      self.path = path
      self.target = target
    }
  }

  package let groups: [TraceGroup]
  package let resolutions: [Resolution]
  private let owner: FileBytes
  private let range: Range<Int>

  /// As it is kept; valid while the trace is.
  package var bytes: UnsafeRawBufferPointer { owner[range] }

  /// Reads a trace where it lies; nil when the bytes are no trace.
  package init?(_ owner: FileBytes, _ range: Range<Int>) {
    guard range.lowerBound >= 0, range.upperBound <= owner.count else { return nil }
    var cursor = TraceCursor(owner: owner, position: range.lowerBound, end: range.upperBound)
    guard let groupCount = cursor.number(), let resolutionCount = cursor.number(), groupCount <= range.count / 64,
      resolutionCount <= range.count / 8
    else { return nil }
    var groups: [TraceGroup] = []
    groups.reserveCapacity(groupCount)
    for _ in 0..<groupCount {
      guard let group = cursor.group() else { return nil }
      groups.append(group)
    }
    var resolutions: [Resolution] = []
    for _ in 0..<resolutionCount {
      guard let path = cursor.path(), let target = cursor.path() else { return nil }
      resolutions.append(Resolution(path: path, target: target.isEmpty ? nil : target))
    }
    guard cursor.position == range.upperBound else { return nil }
    (self.groups, self.resolutions, self.owner, self.range) = (groups, resolutions, owner, range)
  }

  package init?(_ bytes: [UInt8]) { self.init(FileBytes(bytes), 0..<bytes.count) }
}

/// The names that were asked about in one directory.
package struct TraceGroup: Sendable {
  static let headerSize = 16 + FileStamp.size
  static let entrySize = FileStamp.size + 32 + 8

  let owner: FileBytes
  let start: Int
  package let entryCount: Int
  /// Whether the directory's own stamp counts: all its names were asked for.
  package let hasNames: Bool
  private let pathLength: Int
  private let nameBytes: Int

  init(owner: FileBytes, start: Int, entryCount: Int, hasNames: Bool, pathLength: Int, nameBytes: Int) {
    (self.owner, self.start, self.entryCount, self.hasNames) = (owner, start, entryCount, hasNames)
    (self.pathLength, self.nameBytes) = (pathLength, nameBytes)
  }

  /// Of the directory; means something only where `hasNames`.
  package var stamp: FileStamp { FileStamp(reading: owner.start + start + 16) }
  package var directory: FilePath { FilePath(bytes: UnsafeRawBufferPointer(start: path, count: pathLength)) }

  /// Ends with a zero byte.
  var path: UnsafePointer<CChar> {
    (owner.start + start + Self.headerSize + entryCount * Self.entrySize).assumingMemoryBound(to: CChar.self)
  }

  /// One name; valid while the group is.
  package struct Entry {
    fileprivate let record: UnsafeRawPointer
    /// Ends with a zero byte.
    let name: UnsafePointer<CChar>
    fileprivate let length: Int
    /// Whether a link was followed.
    let isFollowed: Bool

    package var stamp: FileStamp { FileStamp(reading: record) }
    /// Of the file's bytes; nil where they were not hashed.
    package var digest: Digest? {
      let bytes = UnsafeRawBufferPointer(start: record + FileStamp.size, count: 32)
      return bytes.allSatisfy { $0 == 0 } ? nil : Digest(bytes: bytes)
    }
    package var path: FilePath { FilePath(bytes: UnsafeRawBufferPointer(start: name, count: length)) }
  }

  /// - Precondition: `index` is less than `entryCount`.
  package subscript(index: Int) -> Entry {
    let record = owner.start + start + Self.headerSize + index * Self.entrySize
    let place = Int(record.loadUnaligned(fromByteOffset: FileStamp.size + 32, as: UInt32.self))
    let length = Int(record.loadUnaligned(fromByteOffset: FileStamp.size + 36, as: UInt32.self))
    return Entry(record: record, name: path + pathLength + 1 + place, length: length >> 1, isFollowed: length & 1 == 1)
  }

  /// Whether every name lies within the group and ends with a zero byte, so that nothing is read beyond it.
  var isWhole: Bool {
    let names = path + pathLength + 1
    guard path[pathLength] == 0 else { return false }
    for index in 0..<entryCount {
      let record = owner.start + start + Self.headerSize + index * Self.entrySize
      let place = Int(record.loadUnaligned(fromByteOffset: FileStamp.size + 32, as: UInt32.self))
      let length = Int(record.loadUnaligned(fromByteOffset: FileStamp.size + 36, as: UInt32.self)) >> 1
      guard place + length < nameBytes, names[place + length] == 0 else { return false }
    }
    return true
  }
}

/// Reads the parts of a trace, never beyond its end.
struct TraceCursor {
  let owner: FileBytes
  var position: Int
  let end: Int

  mutating func number() -> Int? {
    guard position + 4 <= end else { return nil }
    defer { position += 4 }
    return Int((owner.start + position).loadUnaligned(as: UInt32.self))
  }

  mutating func path() -> FilePath? {
    guard let count = number(), position + count <= end else { return nil }
    defer { position += count }
    return FilePath(bytes: owner[position..<(position + count)])
  }

  mutating func group() -> TraceGroup? {
    let start = position
    guard let pathLength = number(), let entryCount = number(), let nameBytes = number(), let flags = number(),
      entryCount <= (end - start) / TraceGroup.entrySize
    else { return nil }
    position = start + TraceGroup.headerSize + entryCount * TraceGroup.entrySize + pathLength + 1 + nameBytes
    guard position <= end else { return nil }
    let group = TraceGroup(
      owner: owner, start: start, entryCount: entryCount, hasNames: flags & 1 == 1, pathLength: pathLength,
      nameBytes: nameBytes)
    return group.isWhole ? group : nil
  }
}
