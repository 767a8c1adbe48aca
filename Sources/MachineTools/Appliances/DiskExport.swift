internal import HostSystem
internal import ImageModel

/// Writes a finished disk in the forms that people use.
struct DiskExport: Sendable {
  let disks: DiskTool
  let files: any FileSystem
  let identity: MachineIdentity

  /// A disk of VirtualBox's own form, synced.
  func writeVDI(_ raw: FilePath, to path: FilePath) async throws {
    try await disks.convert(raw, .raw, to: path, .vdi)
    // What qemu drew by lot: the disk's name, and the one of its last change.
    let bytes = MachineIdentity.diskBytes(identity.disk)
    try await disks.patch(path, .raw, at: 0x188, bytes + bytes, files: files)
    try await disks.check(path, .vdi)
    try await sync(path)
  }

  /// A whole machine.
  /// - Parameter directory: for the disk, until it lies in the appliance.
  func writeAppliance(
    _ raw: FilePath, name: String, _ hardware: MachineHardware, in directory: FilePath, to path: FilePath
  ) async throws {
    // The name stands in the file.
    let disk = directory / "disk.vmdk"
    try await disks.convert(raw, .raw, to: disk, .vmdk, options: "subformat=streamOptimized,hwversion=13")
    try await fixContentID(of: disk)
    try await disks.check(disk, .vmdk)
    try await onBlockingThread { [files, identity] in
      let size = try files.status(of: disk, followingLinks: false).size
      let document = OVFDocument(
        name: name, hardware: hardware, identity: identity, diskFile: "\(name)-disk1.vmdk", diskFileSize: size)
      try ApplianceWriter(files: files).write(name: name, document, disk: disk, to: path)
      try files.remove(disk)
    }
  }

  /// In place of a random number, which the text at the file's start holds.
  private func fixContentID(of disk: FilePath) async throws {
    let key = Array("\nCID=".utf8)
    let offset = try await onBlockingThread { [files] in
      let file = try files.openAnywhere(disk)
      let head = try file.bytes(0..<min(file.size, 64 << 10))
      return head.indices.first { head[$0...].starts(with: key) }
    }
    guard let offset else { throw Failure("\(disk) has no description", help: "use another version of qemu-img") }
    let digits = String(identity.contentID, radix: 16)
    let text = String(repeating: "0", count: 8 - digits.count) + digits
    try await disks.patch(disk, .raw, at: offset + key.count, Array(text.utf8), files: files)
  }

  private func sync(_ path: FilePath) async throws {
    try await onBlockingThread { [files] in try files.sync(path) }
  }
}
