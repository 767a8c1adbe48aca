import HostSystem
import ImageModel

/// One file on its way here. What comes of it lies beside its place until it is whole and verified; what a run that was
/// broken off has left goes on.
struct FileDownload: Sendable {
  let file: PublishedFile
  let source: any FileSource
  let files: any FileSystem

  /// - Parameter path: where it shall lie.
  func run(to path: FilePath, mode: UInt16 = 0o644, progress: @escaping @Sendable (Int) -> Void = { _ in }) async throws
  {
    let part = FilePath(bytes: path.bytes + Array(".part".utf8))
    let lock = try await onBlockingThread { [files, path, part, file] in
      try files.createDirectory(path.parent)
      guard let lock = try files.lock(part, waiting: false) else {
        throw Failure("another coppice downloads \(path) at the moment", help: "wait until it has ended")
      }
      let present = try files.status(of: part, followingLinks: false).size
      guard try files.freeSpace(at: path.parent) > file.size - present else {
        lock.unlock()
        throw Failure(
          "no space left for \(path), which has \(ByteCount(file.size))", help: "make room, and run again")
      }
      return lock
    }
    defer {
      // What has brought nothing leaves nothing.
      if (try? files.statusIfPresent(of: part))??.size == 0 { try? files.remove(part) }
      lock.unlock()
    }
    // What was begun may be another file's.
    for isGoingOn in [true, false] {
      if try !isGoingOn || size(of: part) > file.size { try files.remove(part) }
      let present = try size(of: part)
      if isGoingOn, present > 0 { progress(present) }
      if present < file.size { try await source.bring(file, to: part, progress: progress) }
      let isWhole = try await onBlockingThread { [files, file] in
        let found = try files.hashed(part)
        guard found.status.size == file.size, found.digest == file.digest else { return false }
        try files.setMode(mode, of: part)
        try files.sync(part)
        try files.rename(part, to: path)
        try files.sync(path.parent)
        return true
      }
      if isWhole { return }
    }
    try files.remove(part)
    throw Failure(
      "\(file.name) did not come as it was published: sha256:\(file.digest.short)… was expected",
      help: "run again; if that does not help, tell who publishes it")
  }

  private func size(of part: FilePath) throws -> Int { try files.statusIfPresent(of: part)?.size ?? 0 }
}

/// Appends to a file what comes through a pipe, for sources that give bytes.
struct StreamedFile: Sendable {
  let files: any FileSystem
  let part: FilePath
  let progress: @Sendable (Int) -> Void

  private static let ahead = 1 << 20
  private static let piece = 1 << 20

  /// - Parameter fetch: writes what comes after so many bytes.
  func append(_ fetch: @escaping @Sendable (_ offset: Int, BytePipe) async throws -> Void) async throws {
    let offset = try files.statusIfPresent(of: part)?.size ?? 0
    let pipe = BytePipe(limit: Self.ahead)
    try await withTaskCancellationHandler {
      try await onBlockingThread {
        let reader = BlobReader(pipe) { try await fetch(offset, pipe) }
        var bytes = [UInt8](repeating: 0, count: Self.piece)
        while true {
          var count = 0
          // Few large writes.
          while count < bytes.count {
            let read = try bytes.withUnsafeMutableBytes { buffer in
              try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            if read == 0 { break }
            count += read
          }
          if count == 0 { return }
          try files.appendUnsynced(count == bytes.count ? bytes : Array(bytes[..<count]), to: part)
          progress(count)
        }
      }
    } onCancel: {
      pipe.finish(.failure(CancellationError()))
    }
  }
}
