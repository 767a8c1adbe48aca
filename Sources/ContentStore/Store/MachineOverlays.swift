internal import HostSystem
package import ImageModel

/// The disks of VM images between their steps: `machines/KEY.qcow2` in the store, by the key of the step after which the
/// disk is so (`MachineStepKeys`; the base's key for the disk before the first step).
///
/// An overlay names the one that it lies on in its header, `KEY.qcow2` without a directory, so that the store may move;
/// the first has none. It is written under a name of `newFile`, made whole and synced, and gets its own by `take`: so what
/// has such a name is complete. Written once, it never changes. All of them are a cache: without them steps run again.
/// `gc` takes away what no current step's key names and nothing that stays lies on.
package struct MachineOverlays: Sendable {
  package let directory: FilePath
  private let files: any FileSystem

  init(directory: FilePath, files: any FileSystem) { (self.directory, self.files) = (directory, files) }

  /// Where the disk with this key lies, or would lie.
  package func path(of key: Digest) -> FilePath { directory / Self.name(of: key) }

  /// As an overlay names the one that it lies on.
  package static func name(of key: Digest) -> FilePath { FilePath(key.hex + suffix) }

  private static let suffix = ".qcow2"

  /// Whether the disk is there with all that it lies on.
  package func has(_ key: Digest) -> Bool {
    var name = Self.name(of: key)
    // A chain has as many links as there are steps; one that goes in a circle is none.
    for _ in 0..<1000 {
      guard (try? files.status(of: directory / name, followingLinks: false))?.kind == .regular else { return false }
      guard let below = try? backing(of: directory / name) else { return false }
      guard case .overlay(let next) = below else { return below == .nothing }
      name = next
    }
    return false
  }

  /// A name in the same directory that nobody has; what is left there of a killed run goes with `gc`.
  package func newFile() throws -> FilePath {
    try files.createDirectory(directory)
    return directory / FilePath(".coppice-" + String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36) + Self.suffix)
  }

  /// Gives a whole, synced file its name.
  package func take(_ file: FilePath, as key: Digest) throws { try files.rename(file, to: path(of: key)) }

  private enum Backing: Hashable {
    case nothing
    case overlay(FilePath)
    /// Something else than this layout has.
    case foreign
  }

  /// What the header of a qcow2 file names as the file below it.
  private func backing(of path: FilePath) throws -> Backing {
    let file = try files.openAnywhere(path)
    let head = try file.bytes(0..<min(20, file.size))
    func number(_ range: Range<Int>) -> Int? {
      let value = head[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return Int(exactly: value)
    }
    guard head.count == 20, head.starts(with: [0x51, 0x46, 0x49, 0xFB]), let offset = number(8..<16),
      let size = number(16..<20)
    else { return .foreign }
    if offset == 0 { return .nothing }
    guard size > 0, size <= 1023, offset <= file.size - size else { return .foreign }
    let name = FilePath(bytes: try file.bytes(offset..<(offset + size)))
    return name.components.count == 1 && !name.isAbsolute ? .overlay(name) : .foreign
  }

  /// Those that `gc` takes away.
  func unneeded(by keys: Set<Digest>, keepingSince since: Int) throws -> [(path: FilePath, size: Int)] {
    guard try files.statusIfPresent(of: directory) != nil else { return [] }
    let found = try files.entries(of: directory).filter { entry in
      guard entry.status.kind == .regular, let name = entry.name.text, name.hasSuffix(Self.suffix) else { return false }
      return Digest(hex: String(name.dropLast(Self.suffix.count))) != nil
    }
    var kept = Set<FilePath>()
    for entry in found {
      let isNamed = entry.name.text.flatMap { Digest(hex: String($0.dropLast(Self.suffix.count))) }.map(keys.contains)
      guard isNamed == true || entry.status.modified >= since else { continue }
      var name = entry.name
      while kept.insert(name).inserted, case .overlay(let below)? = try? backing(of: directory / name) { name = below }
    }
    return found.filter { !kept.contains($0.name) }.map { (directory / $0.name, $0.status.size) }
  }
}

extension ImageLayout {
  package var overlays: MachineOverlays { MachineOverlays(directory: root / "machines", files: files) }
}
