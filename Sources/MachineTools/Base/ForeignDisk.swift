internal import HostSystem
internal import ImageModel

/// Takes over a disk that others made. Its head may name other files of this machine, which it would let a guest read: one
/// that does is refused.
struct ForeignDisk: Sendable {
  let disks: DiskTool
  let files: any FileSystem

  /// - Parameters:
  ///   - directory: for what lies around until then.
  ///   - disk: where nothing lies yet: becomes a disk of qcow2 with nothing below it.
  func take(_ source: FilePath, _ format: MachineDiskFormat, in directory: FilePath, to disk: FilePath) async throws {
    let form: DiskForm
    var file = source
    switch format {
    case .raw: form = .raw
    case .qcow2: form = .qcow2
    case .vdi: form = .vdi
    case .vmdk: form = .vmdk
    case .ova:
      form = .vmdk
      file = directory / "foreign.vmdk"
      try await onBlockingThread { [files, file] in
        try ApplianceReader(files: files).extractDisk(of: source, to: file)
      }
    }
    if form == .vmdk { try await checkExtents(file, source) }
    let facts: DiskFacts
    do {
      facts = try await disks.facts(of: file, form)
      guard facts.backing == nil else {
        throw Failure(
          "\(source.name) lies on another disk (\(facts.backing ?? "")), which a base must not",
          help: "flatten it, for instance with `qemu-img convert`")
      }
      try await disks.check(file, form)
      try await disks.convert(file, form, to: disk, .qcow2)
    } catch let failure as Failure {
      throw Failure(
        "\(source.name) cannot be taken as a disk of \(form.rawValue): \(failure.message)",
        help: failure.help ?? "see whether it is whole, and in the form that the definition says")
    }
    if file != source { try? files.remove(file) }
  }

  /// A disk of VMDK may be a list of other files.
  private func checkExtents(_ file: FilePath, _ source: FilePath) async throws {
    let head = try await onBlockingThread { [files] in
      let file = try files.openAnywhere(file)
      return Bytes(try file.bytes(0..<min(512, file.size)))
    }
    let isWhole = head.bytes.count == 512 && head.bytes.starts(with: Array("KDMV".utf8))
    guard isWhole, try head.u64(12) > 0 else {
      throw Failure(
        "\(source.name) has a disk of VMDK in several files, or of a kind that is not read",
        help: "export it as one file, for instance as `.ova`")
    }
  }
}
