package import ImageModel

/// Puts a trace together, question by question.
package struct TraceBuilder: Sendable {
  fileprivate struct Entry {
    var name: FilePath
    var isFollowed: Bool
    var stamp: FileStamp
    var digest: Digest?
  }

  fileprivate struct Group {
    var stamp: FileStamp?
    var entries: [Entry] = []
    /// The place of each name in `entries`: links followed, and not; of the first `tableCount` entries.
    private var places: [FilePath: Int] = [:]
    private var followed: [FilePath: Int] = [:]
    private var tableCount = 0

    init(stamp: FileStamp? = nil) { self.stamp = stamp }

    /// The tables are made when something is looked up: most directories are listed once, and never asked about again.
    mutating func place(of name: FilePath, isFollowed: Bool) -> Int? {
      for place in tableCount..<entries.count {
        if entries[place].isFollowed {
          followed[entries[place].name] = place
        } else {
          places[entries[place].name] = place
        }
      }
      tableCount = entries.count
      return isFollowed ? followed[name] : places[name]
    }

    /// - Returns: false when the same was asked before and the answer was another one.
    mutating func put(_ entry: Entry) -> Bool {
      if let known = place(of: entry.name, isFollowed: entry.isFollowed) {
        if let digest = entry.digest { entries[known].digest = digest }
        return entries[known].stamp == entry.stamp
      }
      entries.append(entry)
      return true
    }
  }

  /// Stamps that are not older than this are not to be trusted, in nanoseconds since 1970.
  private let moment: Int
  private var groups: [FilePath: Group] = [:]
  private var resolutions: [FileTrace.Resolution] = []
  /// Whether something was asked that a trace cannot hold: what was computed must not be kept.
  private(set) package var isIncomplete = false

  /// - Parameter moment: when the questions began, less the margin of the file system's clock.
  package init(olderThan moment: Int) { self.moment = moment }

  package mutating func giveUp() { isIncomplete = true }

  /// All names of a directory were asked for.
  /// - Parameter status: of the directory, before it was listed.
  package mutating func add(namesOf directory: FilePath, _ status: FileStatus) {
    add(namesOf: directory, FileStamp(status))
  }

  package mutating func add(namesOf directory: FilePath, _ stamp: FileStamp) {
    groups[directory, default: Group()].stamp = settled(stamp)
  }

  /// - Parameter digest: of the file's bytes, where they were read.
  package mutating func add(
    stampOf path: FilePath, isFollowed: Bool, _ stamp: FileStamp, _ digest: Digest? = nil
  ) {
    add(path.name, in: path.parent, isFollowed: isFollowed, stamp, digest)
  }

  package mutating func add(
    _ name: FilePath, in directory: FilePath, isFollowed: Bool, _ stamp: FileStamp, _ digest: Digest? = nil
  ) {
    let entry = Entry(name: name, isFollowed: isFollowed, stamp: settled(stamp), digest: digest)
    // Two answers within one computation: it moved meanwhile.
    if !groups[directory, default: Group()].put(entry) { isIncomplete = true }
  }

  /// Many different names of one directory, links not followed.
  package mutating func add(
    _ answers: [(name: FilePath, stamp: FileStamp, digest: Digest?)], in directory: FilePath
  ) {
    if answers.isEmpty { return }
    var group = groups.removeValue(forKey: directory) ?? Group()
    let isNew = group.entries.isEmpty
    for answer in answers {
      let entry = Entry(name: answer.name, isFollowed: false, stamp: settled(answer.stamp), digest: answer.digest)
      if isNew { group.entries.append(entry) } else if !group.put(entry) { isIncomplete = true }
    }
    groups[directory] = group
  }

  /// The bytes of a file are known, whose status was asked for before.
  package mutating func add(digest: Digest, of path: FilePath) {
    let (directory, name) = (path.parent, path.name)
    let place =
      groups[directory]?.place(of: name, isFollowed: false) ?? groups[directory]?.place(of: name, isFollowed: true)
    guard let place else { return }
    groups[directory]?.entries[place].digest = digest
  }

  package mutating func add(resolved path: FilePath, to target: FilePath?) {
    resolutions.append(.init(path: path, target: target))
  }

  private func settled(_ stamp: FileStamp) -> FileStamp { stamp.isYounger(than: moment) ? .unsettled : stamp }

  /// The trace as it is kept.
  package var bytes: [UInt8] {
    let paths = resolutions.map { ($0.path.bytes, $0.target?.bytes ?? []) }
    let size =
      groups.reduce(8) { $0 + $1.value.size(of: $1.key) } + paths.reduce(0) { $0 + 8 + $1.0.count + $1.1.count }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      var writer = TraceWriter(UnsafeMutableRawBufferPointer(buffer))
      writer.write(groups.count)
      writer.write(resolutions.count)
      for directory in groups.keys.sorted() { groups[directory]?.write(directory, to: &writer) }
      for (path, target) in paths {
        writer.write(path.count)
        writer.write(path)
        writer.write(target.count)
        writer.write(target)
      }
      count = writer.position
    }
  }
}

extension TraceBuilder.Group {
  private var nameBytes: Int { entries.reduce(0) { $0 + $1.name.bytes.count + 1 } }

  fileprivate func size(of directory: FilePath) -> Int {
    TraceGroup.headerSize + entries.count * TraceGroup.entrySize + directory.bytes.count + 1 + nameBytes
  }

  fileprivate func write(_ directory: FilePath, to writer: inout TraceWriter) {
    writer.write(directory.bytes.count)
    writer.write(entries.count)
    writer.write(nameBytes)
    writer.write(stamp == nil ? 0 : 1)
    writer.write(stamp ?? .absent)
    var place = 0
    for entry in entries {
      writer.write(entry.stamp)
      writer.write(entry.digest)
      writer.write(place)
      writer.write(entry.name.bytes.count << 1 | (entry.isFollowed ? 1 : 0))
      place += entry.name.bytes.count + 1
    }
    writer.write(ended: directory)
    for entry in entries { writer.write(ended: entry.name) }
  }
}

/// Fills a block whose size is known with the parts of a trace.
private struct TraceWriter {
  private let bytes: UnsafeMutableRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  private mutating func copy(_ part: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: bytes[position..<(position + part.count)]).copyMemory(from: part)
    position += part.count
  }

  mutating func write(_ number: Int) { withUnsafeBytes(of: UInt32(number).littleEndian) { copy($0) } }
  mutating func write(_ part: [UInt8]) { part.withUnsafeBytes { copy($0) } }
  mutating func write(_ stamp: FileStamp) { stamp.withBytes { copy($0) } }

  /// Zero where there is none.
  mutating func write(_ digest: Digest?) {
    guard let digest else { return withUnsafeBytes(of: (0, 0, 0, 0) as (Int, Int, Int, Int)) { copy($0) } }
    digest.withBytes { copy($0) }
  }

  mutating func write(ended path: FilePath) {
    write(path.bytes)
    withUnsafeBytes(of: UInt8(0)) { copy($0) }
  }
}
