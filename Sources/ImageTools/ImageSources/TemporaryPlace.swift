internal import HostSystem
internal import ImageModel

/// Where a person wants large temporary files.
struct TemporaryPlace: Sendable {
  let directory: FilePath
  private let files: any FileSystem

  /// Apptainer's variables come first, since who sets them means just this.
  init(_ environment: [String: String], _ files: any FileSystem) {
    let names = ["APPTAINER_TMPDIR", "SINGULARITY_TMPDIR", "TMPDIR"]
    let named = names.lazy.compactMap { environment[$0] }.first { $0.hasPrefix("/") }
    directory = FilePath(named ?? "/tmp")
    self.files = files
  }

  /// - Throws: `Failure` when there is no room.
  func check(_ expected: Int, for purpose: String) throws {
    let free = try files.freeSpace(at: directory)
    guard free < expected else { return }
    throw Failure(
      "\(directory) has \(ByteCount(free)) left, and \(purpose) takes about \(ByteCount(expected))",
      help: "free some space, or name another directory in APPTAINER_TMPDIR or TMPDIR")
  }
}
