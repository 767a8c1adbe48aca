internal import HostSystem
internal import ImageModel

/// Writes an appliance (`.ova`): a tar of a machine's description, its disk and their digests, in this order, as the standard
/// wants them. Names, owners and times are the same for everyone.
struct ApplianceWriter {
  let files: any FileSystem

  /// - Parameters:
  ///   - disk: of VMDK, streamOptimized.
  ///   - path: where nothing lies yet; it is synced.
  func write(name: String, _ document: OVFDocument, disk: FilePath, to path: FilePath) throws {
    let source = try files.openAnywhere(disk)
    let description = Array(document.text.utf8)
    let digest = try files.digest(of: disk)
    let manifest = """
      SHA256 (\(name).ovf) = \(Digest.sha256(description).hex)
      SHA256 (\(document.diskFile)) = \(digest.hex)

      """
    let file = try files.create(in: path.parent, mode: 0o644)
    defer { file.discard() }
    let archive = PayloadWriter(file)
    func entry(_ name: String, _ size: Int) -> PayloadEntry {
      PayloadEntry(path: Array(name.utf8), kind: .file(size: size), mode: 0o644)
    }
    try archive.add(entry("\(name).ovf", description.count), description)
    try archive.begin(entry(document.diskFile, source.size))
    try archive.append(0..<source.size, of: source)
    try archive.add(entry("\(name).mf", manifest.utf8.count), Array(manifest.utf8))
    try archive.finish()
    try file.commit(to: path)
  }
}
