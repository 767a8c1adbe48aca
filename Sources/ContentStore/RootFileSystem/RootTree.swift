/// The number that a sink gave to a file's content.
package struct ContentID: Hashable, Sendable {
  package let number: Int

  package init(_ number: Int) { self.number = number }
}

/// A root file system without the bytes of its files.
package struct RootTree: Sendable, Equatable {
  /// What names lead to; hard links lead to the same one.
  package struct Inode: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case file(ContentID, size: Int)
      case directory
      case symbolicLink(target: [UInt8])
      case characterDevice(major: Int, minor: Int)
      case blockDevice(major: Int, minor: Int)
      case fifo
    }

    package var kind: Kind
    /// 0o7777
    package var mode: Int
    package var uid: Int
    package var gid: Int
    /// Seconds since 1970.
    package var modified: Int
    /// Extended attributes by name.
    package var attributes: [[UInt8]: [UInt8]]

    package init(
      kind: Kind, mode: Int, uid: Int = 0, gid: Int = 0, modified: Int, attributes: [[UInt8]: [UInt8]] = [:]
    ) {
      self.kind = kind
      self.mode = mode
      self.uid = uid
      self.gid = gid
      self.modified = modified
      self.attributes = attributes
    }
  }

  /// A name in a directory.
  package struct Entry: Sendable, Equatable {
    /// Number of the inode of its directory.
    package var parent: Int
    package var name: [UInt8]
    /// Number of the inode that it leads to.
    package var inode: Int

    package init(parent: Int, name: [UInt8], inode: Int) {
      self.parent = parent
      self.name = name
      self.inode = inode
    }
  }

  /// The first is the root.
  package fileprivate(set) var inodes: [Inode] = []
  /// A directory's own entry comes before those in it.
  package fileprivate(set) var entries: [Entry] = []
}

extension RootTree {
  /// - Returns: the inode's number.
  mutating func add(_ inode: Inode) -> Int {
    inodes.append(inode)
    return inodes.count - 1
  }

  mutating func add(_ entry: Entry) { entries.append(entry) }
}
