import HostSystem
import ImageModel

/// The smallest image whose build proves that an engine can run something: one program, which only ends.
///
/// Written byte by byte, so that the trial needs no registry, no compiler and no program of this machine.
struct TrialImage: Sendable {
  let files: any FileSystem

  static let dockerfile = "FROM scratch\nCOPY trial /trial\nRUN [\"/trial\"]\n"

  /// - Parameter directory: an empty one of coppice's own; the caller removes it.
  func build(with engine: any ContainerEngine, in directory: FilePath, architecture: String) async throws {
    var request = BuildRequest(directory: directory)
    request.mayUseCache = false
    try await onBlockingThread { [files, request] in
      let context = directory / request.context
      try files.createDirectory(context)
      // Of an architecture that we cannot write for, a build alone must do.
      let program = Self.program(for: architecture)
      let text = program == nil ? "FROM scratch\nCOPY trial /trial\n" : Self.dockerfile
      try files.replace(context / "trial", with: program ?? [], mode: 0o755)
      try files.replace(directory / request.dockerfile, with: Array(text.utf8), mode: 0o644)
      try files.replace(directory / request.ignoreFile, with: Array("# nothing\n".utf8), mode: 0o644)
    }
    let image = try await engine.build(request) { _ in }
    await engine.remove(image)
  }

  /// An ELF executable that calls exit(0).
  static func program(for architecture: String) -> [UInt8]? {
    let machine: UInt16
    let code: [UInt8]
    switch architecture {
    case "amd64":
      machine = 62
      code = [0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05]  // xor edi, edi; mov eax, 60; syscall
    case "arm64":
      machine = 183
      // mov x0, #0; mov x8, #93; svc #0
      code = [0x00, 0x00, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4]
    default: return nil
    }
    let (headers, base) = (64 + 56, 0x400000)
    func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    var file: [UInt8] = [0x7f] + Array("ELF".utf8) + [2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += bytes(UInt16(2)) + bytes(machine) + bytes(UInt32(1))
    file += bytes(UInt64(base + headers)) + bytes(UInt64(64)) + bytes(UInt64(0)) + bytes(UInt32(0))
    file += bytes(UInt16(64)) + bytes(UInt16(56)) + bytes(UInt16(1)) + bytes(UInt16(64))
    file += bytes(UInt16(0)) + bytes(UInt16(0))
    let size = UInt64(headers + code.count)
    file += bytes(UInt32(1)) + bytes(UInt32(5)) + bytes(UInt64(0)) + bytes(UInt64(base)) + bytes(UInt64(base))
    file += bytes(size) + bytes(size) + bytes(UInt64(0x1000))
    return file + code
  }
}
