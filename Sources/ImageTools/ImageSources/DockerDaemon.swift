import ContentStore
import HostSystem
import ImageModel

/// The images of docker's daemon, which hands them out as archives.
struct DockerDaemon: Sendable {
  let tool: EngineTool
  let spool: ArchiveSpool

  /// The archive comes with the base first, and the top layer is wanted first: so all of it is kept for a while.
  func image(_ name: String, platform: Platform?) async throws -> SourceImage {
    let size = try await tool.output(["image", "inspect", "--format", "{{.Size}}", name])
    try spool.check(Int(size) ?? 0)
    let kept = Locked<(any RandomAccessFile)?>(nil)
    let consumer: @Sendable (any ByteReader) throws -> Void = { [spool] reader in
      let file = try spool.keep(reader)
      kept.withLock { $0 = file }
    }
    try await tool.stream(["save", name], output: .consumer(consumer), log: { _ in })
    guard let file = kept.withLock({ $0 }) else { throw Failure("docker saved nothing of \(name)") }
    return try await onBlockingThread {
      try ImageArchive(file, name: "docker's image \(name)").image(named: nil, platform: platform)
    }
  }
}
