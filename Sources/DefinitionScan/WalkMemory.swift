internal import FileTraces
internal import HostSystem
internal import ImageModel

/// What was seen of directories, by their absolute paths.
struct WalkMemory: Sendable {
  private var directories: [FilePath: DirectorySummary] = [:]
  /// Whether some directory of the earlier walk has changed, or is gone.
  private(set) var isOutdated = true

  init() {}

  subscript(directory: FilePath) -> DirectorySummary? {
    get { directories[directory] }
    set { directories[directory] = newValue }
  }

  var count: Int { directories.count }

  /// What an earlier walk saw, without the directories that have changed since.
  init(_ record: TraceRecord, in files: any FileSystem) {
    guard let trace = record.trace, let check = files.check([trace]).first else { return }
    var changed = check.changedGroups[...]
    var reader = ValueReader(record.value)
    // One summary for each group, in the same order.
    for (index, group) in trace.groups.enumerated() {
      guard let summary = try? DirectorySummary(stamp: group.stamp, from: &reader) else {
        directories = [:]
        return
      }
      if changed.first == index { changed.removeFirst() } else { directories[group.directory] = summary }
    }
    isOutdated = !check.holds
  }

  /// - Parameter moment: now, less the margin of the file system's clock, in nanoseconds since 1970.
  func encoded(olderThan moment: Int) -> (value: [UInt8], trace: [UInt8]) {
    var (value, trace) = (ValueWriter(), TraceBuilder(olderThan: moment))
    for (directory, summary) in directories.sorted(by: { $0.key < $1.key }) {
      trace.add(namesOf: directory, summary.stamp)
      summary.write(to: &value)
    }
    return (value.bytes, trace.bytes)
  }
}

extension DirectorySummary {
  fileprivate func write(to value: inout ValueWriter) {
    value.write(isDefinition)
    value.write(isMachine)
    value.write(dockerfile) { $0.write($1) }
    value.write(inner) { $0.write($1) }
  }

  fileprivate init(stamp: FileStamp, from reader: inout ValueReader) throws(ValueReader.Damage) {
    self.init(
      stamp: stamp, isDefinition: try reader.flag(), isMachine: try reader.flag(),
      dockerfile: try reader.optional { reader throws(ValueReader.Damage) in try reader.path() },
      inner: try reader.list { reader throws(ValueReader.Damage) in try reader.path() })
  }
}
