/// A file as an image holds it.
package struct SquashfsInode: Sendable {
  package enum Kind: Sendable {
    case directory(Listing)
    case file(File)
    case symbolicLink([UInt8])
    case blockDevice(major: UInt32, minor: UInt32)
    case characterDevice(major: UInt32, minor: UInt32)
    case fifo, socket
  }

  /// Where the entries of a directory lie.
  package struct Listing: Hashable, Sendable {
    /// Uncompressed bytes.
    let size: Int
    let reference: UInt64
  }

  /// Where the bytes of a file lie.
  package struct File: Hashable, Sendable {
    /// A place in a fragment block.
    package struct End: Hashable, Sendable {
      package let number: Int
      package let offset: Int
    }

    package let size: Int
    /// Of the first block, from the start of the image.
    let start: Int
    let blockCount: Int
    /// Place in the inode table of the sizes of its blocks.
    let list: MetadataPlace
    /// Where the rest of its bytes begins.
    package let fragment: End?
  }

  package var kind: Kind
  package var number: UInt32
  /// Permission bits, 0o7777.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// Seconds since 1970.
  package var modified: UInt32
  package var linkCount: UInt32
  /// Number of its set of extended attributes.
  let attributeSet: UInt32?
}
