package import FileTraces
internal import HostSystem
package import ImageModel

/// What earlier scans made of files that have not changed since: a cache, never the truth.
///
/// Kept are the directories that hold directories, and of each definition what was made of its files. What was made by
/// another program is not believed: its readers may have been others.
package struct ScanMemory: Sendable {
  /// Where it is kept.
  package var traces: TraceStore
  /// Which program scans.
  private let program: Digest
  /// Files younger than this, in nanoseconds since 1970, are looked at again next time.
  let moment: Int

  /// - Parameter moment: now, less the margin of the file system's clock, in nanoseconds since 1970.
  package init(_ traces: TraceStore = TraceStore(), program: Digest, olderThan moment: Int) {
    (self.traces, self.program, self.moment) = (traces, program, moment)
  }

  // MARK: Directories

  private func walk(of roots: [SearchPath.Root]) -> TraceStore.Question {
    var key = ValueWriter()
    key.write(program)
    key.write(roots) { $0.write($1.share) }
    return TraceStore.Question("directories", key: .sha256(key.bytes))
  }

  func walk(of roots: [SearchPath.Root], in files: any FileSystem) -> WalkMemory {
    traces.recordOfSameKey(as: walk(of: roots)).map { WalkMemory($0, in: files) } ?? WalkMemory()
  }

  mutating func keep(_ seen: WalkMemory, of roots: [SearchPath.Root], after earlier: WalkMemory) {
    guard earlier.isOutdated || seen.count != earlier.count else { return }
    let (value, trace) = seen.encoded(olderThan: moment)
    traces.insert(value, for: walk(of: roots), trace: trace)
  }

  // MARK: Definitions

  /// - Parameter overlay: of all definitions: what a dependency means depends on them.
  func question(
    about definition: DefinitionSource, settings: Settings, platform: Platform, overlay: Digest
  ) -> TraceStore.Question {
    var key = ValueWriter()
    key.write(program)
    key.write(settings.digest)
    key.write(platform.description)
    key.write(definition.path)
    key.write(definition.directory)
    key.write(definition.origin.rawValue)
    key.write(overlay)
    return TraceStore.Question("definition \(definition.directory)", key: .sha256(key.bytes))
  }
}
