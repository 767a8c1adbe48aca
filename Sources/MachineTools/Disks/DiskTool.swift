package import HostSystem
package import ImageModel
internal import JSONText

/// The form in which a disk's bytes lie in a file, as qemu calls it.
package enum DiskForm: String, Sendable, CaseIterable {
  case raw, qcow2, vdi, vmdk
}

/// What the head of a disk's file says.
package struct DiskFacts: Sendable, Equatable {
  /// Bytes that a guest sees.
  package var size: Int
  /// Bytes on the disk of this machine.
  package var usedSize: Int
  /// The file below it in its chain, as the head names it.
  package var backing: String?
}

/// Makes, turns and checks the files of disks with qemu-img, which needs no running machine.
package struct DiskTool: Sendable {
  private let image: HostProgram
  private let io: HostProgram

  /// Whose version proves that it is there.
  static let program = (name: "qemu-img", package: "qemu-utils")

  package init(processes: any ProcessRunner, environment: [String: String]) {
    image = HostProgram(name: "qemu-img", package: "qemu-utils", environment: environment, processes: processes)
    io = HostProgram(name: "qemu-io", package: "qemu-utils", environment: environment, processes: processes)
  }

  /// A disk that holds what differs from `backing`.
  /// - Parameters:
  ///   - backing: relative to the directory of `path`, so that both can move together.
  ///   - size: nil for that of the disk below.
  package func createOverlay(_ path: FilePath, on backing: FilePath, size: Int? = nil) async throws {
    var arguments = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing.description, path.description]
    if let size { arguments.append(String(size)) }
    try await image.run(arguments)
  }

  /// Writes the whole disk, its chain included, as a file of its own; runs of zeros take no room.
  package func convert(
    _ source: FilePath, _ form: DiskForm, to path: FilePath, _ newForm: DiskForm, options: String? = nil
  ) async throws {
    var arguments = ["convert", "-f", form.rawValue, "-O", newForm.rawValue]
    if let options { arguments += ["-o", options] }
    try await image.run(arguments + [source.description, path.description])
  }

  /// Lets a disk of qcow2 end later; what is on it does not know yet.
  func resize(_ path: FilePath, to size: Int) async throws {
    try await image.run(["resize", "-q", "-f", "qcow2", path.description, String(size)])
  }

  /// - Throws: `Failure` for a file whose structure is damaged.
  package func check(_ path: FilePath, _ form: DiskForm) async throws {
    // Raw files have no structure.
    guard form != .raw else { return }
    try await image.run(["check", "-q", "-f", form.rawValue, path.description])
  }

  package func facts(of path: FilePath, _ form: DiskForm) async throws -> DiskFacts {
    let output = try await image.run(["info", "--output=json", "-f", form.rawValue, path.description])
    guard let info = try? JSONValue(parsing: output), let size = info["virtual-size"]?.integer else {
      throw Failure("qemu-img says nothing of \(path)")
    }
    let data = info["format-specific"]?["data"]
    return DiskFacts(
      size: size, usedSize: info["actual-size"]?.integer ?? 0,
      backing: info["backing-filename"]?.string ?? data?["data-file"]?.string)
  }

  /// Writes over some bytes of a disk, or of a file that is taken as raw.
  /// - Parameter directory: for a small file.
  func patch(_ path: FilePath, _ form: DiskForm, at offset: Int, _ bytes: [UInt8], files: any FileSystem) async throws {
    // The command is split at spaces: names that hold none, looked up from their directory.
    let name = FilePath(".coppice-" + String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36))
    let patch = path.parent / name
    try await onBlockingThread { try files.replaceUnsynced(patch, with: bytes, mode: 0o600) }
    let result: Result<[UInt8], any Error>
    do {
      result = .success(
        try await io.run(
          ["-f", form.rawValue, "-c", "write -q -s \(name) \(offset) \(bytes.count)", path.description],
          directory: path.parent))
    } catch {
      result = .failure(error)
    }
    try? files.remove(patch)
    _ = try result.get()
  }
}
