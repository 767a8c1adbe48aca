internal import HostSystem
internal import ImageModel

/// A regular file as it was.
struct SavedFile: Sendable {
  var bytes: [UInt8]
  var mode: UInt16

  /// Nil when there is none.
  init?(_ path: FilePath, in files: any FileSystem) {
    guard let status = try? files.statusIfPresent(of: path), status.kind == .regular,
      let bytes = try? files.contents(of: path, limit: .max)
    else { return nil }
    (self.bytes, mode) = (bytes, status.mode)
  }
}

/// What a power cut may take away: all that was not synced.
///
/// Syncing a directory makes last what happened in it, and the way to it, as journaling file systems do; nothing else.
struct PowerCut: Sendable {
  private enum Change {
    case made
    case renamed(from: FilePath, over: SavedFile?)
    case removed(SavedFile)
    case wrote(over: [UInt8])
  }

  private var changes: [(path: FilePath, change: Change)] = []

  mutating func made(_ path: FilePath) { changes.append((path, .made)) }

  mutating func renamed(_ path: FilePath, to newPath: FilePath, over replaced: SavedFile?) {
    changes.append((newPath, .renamed(from: path, over: replaced)))
  }

  mutating func removed(_ path: FilePath, _ file: SavedFile) { changes.append((path, .removed(file))) }

  /// - Parameter before: nil for a file that is new.
  mutating func wrote(_ path: FilePath, over before: [UInt8]?) {
    if before == nil { made(path) }
    changes.append((path, .wrote(over: before ?? [])))
  }

  mutating func synced(_ path: FilePath) {
    changes.removeAll { place, change in
      if case .wrote = change { place == path } else { false }
    }
  }

  mutating func syncedDirectory(_ directory: FilePath) {
    changes.removeAll { place, change in
      if case .wrote = change { return false }
      return place.parent == directory || place == directory || directory.isBelow(place)
    }
  }

  /// Takes away, the last first, what `seed` chooses.
  func apply(to files: any FileSystem, seed: Int) {
    var random = SeededGenerator(seed: seed)
    for (path, change) in changes.reversed() where random.once(in: 2) {
      // What a change that is lost stood upon may be lost already.
      try? Self.undo(path, change, files, &random)
    }
  }

  private static func undo(
    _ path: FilePath, _ change: Change, _ files: any FileSystem, _ random: inout SeededGenerator
  ) throws {
    switch change {
    case .made: try files.removeTree(path)
    case .renamed(let old, let replaced):
      guard let file = SavedFile(path, in: files) else { return }
      try files.replace(old, with: file.bytes, mode: file.mode)
      if let replaced {
        try files.replace(path, with: replaced.bytes, mode: replaced.mode)
      } else {
        try files.remove(path)
      }
    case .removed(let file):
      if try files.statusIfPresent(of: path) == nil { try files.replace(path, with: file.bytes, mode: file.mode) }
    case .wrote(let before):
      guard let file = SavedFile(path, in: files), file.bytes.starts(with: before) else { return }
      let new = file.bytes.dropFirst(before.count)
      let kept = new.prefix(Int.random(in: 0...new.count, using: &random))
      // The size may last without the bytes.
      let rest = random.once(in: 2) ? [] : [UInt8](repeating: 0, count: new.count - kept.count)
      try files.replace(path, with: before + kept + rest, mode: file.mode)
    }
  }
}
