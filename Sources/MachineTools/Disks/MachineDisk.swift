package import HostSystem
package import ImageModel

/// A machine's disk as a raw file, with the file system that its root is on.
package struct MachineDisk: Sendable {
  let partition: Partition
  let partitions: PartitionTable
  package let root: ExtFileSystem
  /// Where the kernel lies: the root, or a partition of its own.
  private let boot: [(system: ExtFileSystem, directory: FilePath)]
  /// What a guest sees, in bytes.
  package let size: Int

  /// Finds the root among the partitions: the one that says which system it is.
  package init(raw path: FilePath, files: any FileSystem) throws {
    let disk = try files.openAnywhere(path)
    size = disk.size
    partitions = try PartitionTable(try disk.bytes(0..<min(disk.size, 34 * 512)), diskSize: disk.size)
    var (systems, faults): ([(Partition, ExtFileSystem)], [any Error]) = ([], [])
    for partition in partitions.partitions {
      do {
        systems.append((partition, try ExtFileSystem(disk, at: partition.offset)))
      } catch {
        faults.append(error)
      }
    }
    let signs: [FilePath] = ["/etc/os-release", "/usr/lib/os-release", "/sbin/init"]
    let found = try systems.first { _, system in try signs.contains { try system.inode(at: $0) != nil } }
    guard let (partition, root) = found else {
      throw faults.first
        ?? Failure("no partition of the disk holds a Linux system", help: "its root must lie on ext2, ext3 or ext4")
    }
    (self.partition, self.root) = (partition, root)
    boot = [(root, "/"), (root, "/boot")] + systems.filter { $0.0 != partition }.map { ($0.1, "/") }
  }

  /// Whether space behind the root's partition can become its own.
  var canGrow: Bool {
    !partitions.isGUID && partitions.partitions.allSatisfy { $0.offset <= partition.offset }
  }

  /// The kernel, and the first file system that it wants.
  package func bootFiles() throws -> (kernel: [UInt8], initrd: [UInt8]?) {
    for (system, directory) in boot {
      if let found = try Self.linked(system, directory) ?? Self.newest(system, directory) { return found }
    }
    throw Failure(
      "no kernel lies on the disk, and its steps need one",
      help: "install a kernel in the base, as /boot/vmlinuz-VERSION")
  }

  private static let limit = 512 << 20

  /// As Debian and Ubuntu keep links to the newest.
  private static func linked(
    _ system: ExtFileSystem, _ directory: FilePath
  ) throws -> (kernel: [UInt8], initrd: [UInt8]?)? {
    guard let kernel = try system.contents(of: directory / "vmlinuz", limit: limit),
      let initrd = try system.contents(of: directory / "initrd.img", limit: limit)
    else { return nil }
    return (kernel, initrd)
  }

  private static func newest(
    _ system: ExtFileSystem, _ directory: FilePath
  ) throws -> (kernel: [UInt8], initrd: [UInt8]?)? {
    guard let inode = try system.inode(at: directory), inode.kind == .directory else { return nil }
    let names = try system.names(of: inode).map { String(decoding: $0.bytes, as: UTF8.self) }
    let prefix = "vmlinuz-"
    let versions = names.filter { $0.hasPrefix(prefix) && !$0.contains("rescue") }.map { $0.dropFirst(prefix.count) }
    guard let version = versions.max(by: { precedes($0, $1) }),
      let kernel = try system.contents(of: directory / FilePath("vmlinuz-\(version)"), limit: limit)
    else { return nil }
    for name in ["initrd.img-\(version)", "initramfs-\(version).img", "initrd-\(version)"] {
      if let initrd = try system.contents(of: directory / FilePath(name), limit: limit) { return (kernel, initrd) }
    }
    return (kernel, nil)
  }

  /// Numbers in versions count as numbers: 6.1.0-9 is before 6.1.0-10.
  static func precedes(_ first: Substring, _ second: Substring) -> Bool {
    func parts(_ text: Substring) -> [(Int, Substring)] {
      text.split { !$0.isLetter && !$0.isNumber }.map { (Int($0.prefix { $0.isNumber }) ?? -1, $0) }
    }
    let (mine, theirs) = (parts(first), parts(second))
    for (left, right) in zip(mine, theirs) where left != right { return left < right }
    return mine.count < theirs.count
  }
}
