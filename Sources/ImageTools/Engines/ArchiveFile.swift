import HostSystem
import ImageModel

/// A docker-archive on disk, for engines that cannot read one from a pipe.
struct ArchiveFile: Sendable {
  let directory: FilePath
  let files: any FileSystem

  /// - Parameter loading: gets the path of the archive, and says what the engine has afterwards.
  /// - Throws: `Failure` when that is not the image.
  func load(
    _ config: Digest, from producer: @escaping @Sendable (any ByteWriter) throws -> Void,
    _ loading: (FilePath) async throws -> EngineImage?
  ) async throws -> EngineImage {
    let archive = directory / FilePath("archive-\(config.hex).tar")
    try await onBlockingThread { [files, directory] in
      let file = try files.create(in: directory, mode: 0o600)
      defer { file.discard() }
      try producer(PendingFileWriter(file))
      try file.commit(to: archive)
    }
    let result: Result<EngineImage?, any Error>
    do { result = .success(try await loading(archive)) } catch { result = .failure(error) }
    try await onBlockingThread { [files] in try files.remove(archive) }
    guard let image = try result.get() else { throw Self.isAnotherImage(config) }
    return image
  }

  static func isAnotherImage(_ config: Digest) -> Failure {
    Failure(
      "the engine made another image of \(config.short) than was given to it",
      help: "choose another engine with --engine; the image in the content store is whole")
  }
}

/// A file that is being written, as the end of a stream.
final class PendingFileWriter: ByteWriter {
  private let file: any PendingFile

  init(_ file: any PendingFile) { self.file = file }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
}
