package import ImageModel

/// What lies at a path of a root file system.
package enum RootEntry: Sendable, Hashable {
  case directory, regular
  case link(FilePath)
  /// A device, a FIFO, a socket.
  case other
}

/// The root file system of an image, to look things up in. Paths are relative to the root, without links and dots.
package protocol RootView {
  /// Links are not followed; nil where there is nothing.
  func entry(at path: FilePath) -> RootEntry?
  /// How many entries a directory has; 0 where there is none.
  func count(in directory: FilePath) -> Int
}

/// A change of a root file system. Paths are relative to the root, without links and dots; parents exist or were made.
package enum RootChange: Sendable, Hashable {
  /// A new directory of mode 0755, in place of what is no directory.
  case makeDirectory(FilePath)
  /// A file in place of what lies there. A regular file keeps its owner and attributes; all else goes, with all below it.
  case write(FilePath, mode: UInt16, bytes: [UInt8])
  /// A link in place of another one, or where nothing is.
  case link(FilePath, target: FilePath)
  case move(FilePath, to: FilePath)
}
