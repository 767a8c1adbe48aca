import HostSystem
import ImageModel

/// A directory of one step where others have theirs too, other repositories among them; nobody else can read it.
///
/// A lock that ends with its process tells who is still at work.
final class HeldDirectory: Sendable {
  enum Purpose: String {
    /// In memory, so that no disk has them even after SIGKILL.
    case secrets
    /// What another program is to read.
    case archive

    fileprivate var prefix: String { "coppice-\(rawValue)-" }
  }

  let path: FilePath
  private let files: any FileSystem
  // Holds it for as long as we are there.
  private let lock: any FileLock

  private init(_ path: FilePath, _ lock: any FileLock, _ files: any FileSystem) {
    (self.path, self.lock, self.files) = (path, lock, files)
  }

  /// A new one, nil where there is no such place.
  static func make(for purpose: Purpose, in places: [FilePath], files: any FileSystem) -> HeldDirectory? {
    for place in places {
      let random = String(UInt64.random(in: .min ... .max), radix: 36)
      let path = place / FilePath("\(purpose.prefix)\(RunDirectories.processToken)-\(random)")
      do {
        try files.createDirectory(path)
        try files.setMode(0o700, of: path)
        if let lock = try files.lock(path / "lock", waiting: false) { return HeldDirectory(path, lock, files) }
      } catch {
        // The next place.
      }
      try? files.removeTree(path)
    }
    return nil
  }

  func remove() { try? files.removeTree(path) }

  /// Directories in memory that are there, best first.
  static func secretPlaces(
    _ environment: [String: String], files: any FileSystem, shared: FilePath = "/dev/shm"
  ) -> [FilePath] {
    [environment["XDG_RUNTIME_DIR"].map { FilePath($0) }, shared].compactMap { $0 }.filter { place in
      // Engines take the path in a list of words with commas.
      let isPlain = place.bytes.allSatisfy { byte in
        let scalar = Unicode.Scalar(byte)
        return scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
          || "/._-".utf8.contains(byte)
      }
      guard isPlain, place.isAbsolute, let status = try? files.status(of: place, followingLinks: true) else {
        return false
      }
      return status.kind == .directory
    }
  }

  /// Removes what killed runs left.
  static func removeLeftovers(of purpose: Purpose, in places: [FilePath], files: any FileSystem) {
    for place in places {
      for entry in (try? files.entries(of: place)) ?? [] {
        let path = place / entry.name
        guard entry.name.description.hasPrefix(purpose.prefix), entry.status.kind == .directory,
          entry.status.mode == 0o700,
          (try? files.statusIfPresent(of: path / "lock"))?.kind == .regular,
          let lock = try? files.lock(path / "lock", waiting: false)
        else { continue }
        try? files.removeTree(path)
        lock.unlock()
      }
    }
  }
}
