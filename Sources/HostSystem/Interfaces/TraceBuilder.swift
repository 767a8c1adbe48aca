package import ImageModel

/// Puts a trace together, question by question.
package struct TraceBuilder: Sendable {
  private struct Entry {
    var name: FilePath
    var isFollowed: Bool
    var stamp: FileStamp
    var digest: Digest?
  }

  private struct Group {
    var stamp: FileStamp?
    var entries: [Entry] = []
    /// The place of each name in `entries`: links followed, and not.
    var places: [FilePath: Int] = [:]
    var followed: [FilePath: Int] = [:]

    /// - Returns: false when the same was asked before and the answer was another one.
    mutating func put(_ entry: Entry) -> Bool {
      if let known = entry.isFollowed ? followed[entry.name] : places[entry.name] {
        if let digest = entry.digest { entries[known].digest = digest }
        return entries[known].stamp == entry.stamp
      }
      if entry.isFollowed { followed[entry.name] = entries.count } else { places[entry.name] = entries.count }
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

  /// The bytes of a file are known, whose status was asked for before.
  package mutating func add(digest: Digest, of path: FilePath) {
    let (directory, name) = (path.parent, path.name)
    guard let place = groups[directory]?.places[name] ?? groups[directory]?.followed[name] else { return }
    groups[directory]?.entries[place].digest = digest
  }

  package mutating func add(resolved path: FilePath, to target: FilePath?) {
    resolutions.append(.init(path: path, target: target))
  }

  private func settled(_ stamp: FileStamp) -> FileStamp { stamp.isYounger(than: moment) ? .unsettled : stamp }

  /// The trace as it is kept.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ number: Int) { withUnsafeBytes(of: UInt32(number).littleEndian) { bytes.append(contentsOf: $0) } }
    let size = groups.values.reduce(0) { $0 + $1.entries.count * (TraceGroup.entrySize + 24) + 256 }
    bytes.reserveCapacity(size)
    append(groups.count)
    append(resolutions.count)
    for (directory, group) in groups.sorted(by: { $0.key < $1.key }) {
      append(directory.bytes.count)
      append(group.entries.count)
      append(group.entries.reduce(0) { $0 + $1.name.bytes.count + 1 })
      append(group.stamp == nil ? 0 : 1)
      (group.stamp ?? .absent).append(to: &bytes)
      var place = 0
      for entry in group.entries {
        entry.stamp.append(to: &bytes)
        if let digest = entry.digest {
          digest.append(to: &bytes)
        } else {
          bytes.append(contentsOf: repeatElement(0, count: 32))
        }
        append(place)
        append(entry.name.bytes.count << 1 | (entry.isFollowed ? 1 : 0))
        place += entry.name.bytes.count + 1
      }
      bytes += directory.bytes + [0]
      for entry in group.entries { bytes += entry.name.bytes + [0] }
    }
    for resolution in resolutions {
      append(resolution.path.bytes.count)
      bytes += resolution.path.bytes
      append(resolution.target?.bytes.count ?? 0)
      bytes += resolution.target?.bytes ?? []
    }
    return bytes
  }
}
