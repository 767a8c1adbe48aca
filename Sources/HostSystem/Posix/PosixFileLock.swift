internal import Glibc

/// A `flock(2)` lock: it belongs to the open file, so it excludes other locks of this process too.
final class PosixFileLock: FileLock {
  private let descriptor: FileDescriptor

  init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

  // The descriptor stays open until the object goes, so a second call cannot hit somebody else's file.
  func unlock() { _ = uninterrupted { flock(descriptor.number, LOCK_UN) } }
}
