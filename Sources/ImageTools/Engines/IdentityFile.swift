import HostSystem
import ImageModel

/// The file into which an engine writes the id of what it built.
struct IdentityFile: Sendable {
  let name: FilePath = "image-id"
  let directory: FilePath
  let files: any FileSystem

  init(in directory: FilePath, files: any FileSystem) {
    self.directory = directory
    self.files = files
  }

  /// - Throws: `Failure` when the engine said that it succeeded and wrote no id.
  func read() async throws -> Digest {
    let path = directory / name
    let bytes = try await onBlockingThread { [files] in try files.contentsIfPresent(of: path, limit: 4096) }
    let text = String(decoding: bytes ?? [], as: UTF8.self).filter { !$0.isWhitespace }
    guard let digest = Digest(text) ?? Digest(hex: text) else {
      throw Failure("the engine finished without saying which image it built")
    }
    return digest
  }
}
