package import HostSystem
internal import ImageModel

/// A file system of the ext family (2, 3, 4), read where it lies: no mount, no root, and nothing of it is believed.
package final class ExtFileSystem: Sendable {
  private struct Geometry: Sendable {
    var blockSize: Int
    var blockCount: Int
    var inodeCount: Int
    var inodesPerGroup: Int
    var inodeSize: Int
    var descriptorSize: Int
    var descriptors: Int
  }

  static let root = 2
  private let disk: any RandomAccessFile
  private let offset: Int
  private let geometry: Geometry
  /// As a kernel's command line names it.
  package let identity: String

  var blockSize: Int { geometry.blockSize }
  /// Of the whole disk, in bytes.
  var diskSize: Int { disk.size }

  /// What a reader must know; the others change how files lie, or say that they cannot be read.
  private static let knownFeatures = 0x0002 | 0x0040 | 0x0080 | 0x0100 | 0x0200 | 0x2000 | 0x4000
  private static let needsRecovery = 0x0004

  /// - Parameter offset: where it begins on the disk.
  package init(_ disk: any RandomAccessFile, at offset: Int) throws {
    self.disk = disk
    self.offset = offset
    guard offset >= 0, disk.size >= offset + 4096 else { throw Self.fault("it is too small") }
    let block = Bytes(try disk.bytes(offset + 1024..<offset + 2048))
    guard try block.u16(56) == 0xEF53 else { throw Self.fault("it is of another kind") }
    let incompatible = try block.u32(96)
    guard incompatible & Self.needsRecovery == 0 else {
      throw Failure(
        "a file system of the disk was not unmounted", help: "shut its machine down in order, and save it again")
    }
    guard incompatible & ~Self.knownFeatures == 0 else {
      throw Self.fault("it has features that are not known (0x\(String(incompatible, radix: 16)))")
    }
    let shift = try block.u32(24)
    guard shift <= 6 else { throw Self.fault("its blocks are too large") }
    let (size, isWide) = (1024 << shift, incompatible & 0x80 != 0)
    let inodeSize = try block.u32(76) == 0 ? 128 : block.u16(88)
    geometry = Geometry(
      blockSize: size, blockCount: try block.u32(4) + (isWide ? block.u32(336) << 32 : 0),
      inodeCount: try block.u32(0), inodesPerGroup: try block.u32(40), inodeSize: inodeSize,
      descriptorSize: isWide ? max(32, try block.u16(254)) : 32, descriptors: (try block.u32(20) + 1) * size)
    guard geometry.inodesPerGroup > 0, inodeSize >= 128, inodeSize <= size else {
      throw Self.fault("its head is damaged")
    }
    identity = Self.text(Array(try block.slice(104, 16)))
  }

  static func fault(_ message: String) -> Failure {
    Failure("a file system of the disk cannot be read: \(message)", help: "only ext2, ext3 and ext4 are read here")
  }

  private static func text(_ bytes: [UInt8]) -> String {
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
  }

  func inode(_ number: Int) throws -> ExtInode {
    guard (1...max(1, geometry.inodeCount)).contains(number) else { throw Self.fault("a name leads nowhere") }
    let (group, index) = (number - 1).quotientAndRemainder(dividingBy: geometry.inodesPerGroup)
    let descriptor = Bytes(
      try read(geometry.descriptors + group * geometry.descriptorSize, geometry.descriptorSize))
    let high = geometry.descriptorSize >= 64 ? try descriptor.u32(40) << 32 : 0
    let table = try descriptor.u32(8) + high
    let place = try place(ofBlock: table) + index * geometry.inodeSize
    return try ExtInode(number, Bytes(try read(place, geometry.inodeSize)))
  }

  /// - Returns: where a block lies in the file system.
  private func place(ofBlock block: Int) throws -> Int {
    guard block > 0, block < max(geometry.blockCount, 1), block <= disk.size / blockSize else {
      throw Self.fault("a file lies outside of it")
    }
    return block * blockSize
  }

  private func read(_ place: Int, _ count: Int) throws -> [UInt8] {
    guard place >= 0, place <= disk.size - offset - count else { throw Self.fault("it ends too early") }
    return try disk.bytes(offset + place..<offset + place + count)
  }

  func read(block: Int) throws -> [UInt8] { try read(try place(ofBlock: block), blockSize) }

  /// Calls `body` with the bytes of a file that lie on the disk, in whole blocks but at its end, and with their place in it.
  ///
  /// Holes are left out: a file can be called larger than every disk. Blocks that lie there for two places are a fault.
  func forEachData(of inode: ExtInode, _ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
    var (position, left) = (0, disk.size)
    try ExtBlocks(self).forEachRun(of: inode) { run in
      let start = run.logical * blockSize
      guard start >= position else { throw Self.fault("the blocks of a file are out of order") }
      guard start < inode.size else { return }
      let count = min(run.count * blockSize, inode.size - start)
      let place = try place(ofBlock: run.physical)
      guard place <= disk.size - offset - count, count <= left else {
        throw Self.fault("a file lies outside of it")
      }
      left -= count
      position = start + count
      // The closure of the port throws one type only.
      var (problem, at): ((any Error)?, Int) = (nil, start)
      try disk.forEachPiece(of: offset + place..<offset + place + count) { piece in
        guard problem == nil else { return }
        do { try body(at, piece) } catch { problem = error }
        at += piece.count
      }
      if let problem { throw problem }
    }
  }

  /// - Throws: `Failure` when there are more than `limit` bytes.
  func contents(of inode: ExtInode, limit: Int) throws -> [UInt8] {
    guard inode.size <= limit else { throw Self.fault("a file of it is larger than \(limit) bytes") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(inode.size)
    try forEachData(of: inode) { place, piece in
      if place > bytes.count { bytes += [UInt8](repeating: 0, count: place - bytes.count) }
      bytes.append(contentsOf: piece)
    }
    return bytes + [UInt8](repeating: 0, count: inode.size - bytes.count)
  }
}
