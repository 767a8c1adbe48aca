internal import Glibc
internal import HostSystem
package import ImageModel

/// A small file system of its own, gone with the object.
package final class SmallDisk: Sendable {
  /// Only a privileged process gets as far as to see that the place does not exist.
  package static let canMount = mount("none", "/proc/self/nothing", "tmpfs", 0, nil) == -1 && errno == ENOENT

  package let place: FilePath
  private let files = PosixFileSystem()
  private var filler: FilePath { place / "filler" }

  package init(_ place: FilePath, megabytes: Int) throws {
    self.place = place
    try files.createDirectory(place)
    guard mount("tmpfs", place.description, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      throw Failure("cannot mount at \(place)")
    }
  }

  deinit { umount2(place.description, Int32(MNT_DETACH)) }

  /// Leaves so many bytes, in whole pages.
  package func fill(leaving rest: Int) throws {
    try empty()
    let descriptor = open(filler.description, O_WRONLY | O_CREAT, 0o644)
    defer { close(descriptor) }
    let bytes = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<(try files.freeSpace(at: place) - rest) / 4096 {
      if write(descriptor, bytes, bytes.count) < bytes.count { break }
    }
  }

  package func empty() throws { try files.remove(filler) }
}
