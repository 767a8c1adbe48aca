internal import BuildEngine
internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import SIFConversion
internal import SIFFormat

/// Apptainer as the maker of SIF files, for who insists: it unpacks the image to disk and packs it again.
struct ApptainerBuilder: Sendable {
  private static let programs = ["apptainer", "singularity"]
  /// Of the gzip in mksquashfs.
  private static let highestGzipLevel = 9

  let store: ImageLayout
  let files: any FileSystem
  let processes: any ProcessRunner
  let environment: [String: String]

  /// Why it cannot make a file; nil when it can.
  func refusal(of singularity: Singularity) async -> StepFailure? {
    if singularity.compression == .gzip, let level = singularity.level, level > Self.highestGzipLevel {
      return StepFailure(
        "Apptainer's gzip has no level \(level)",
        help: "choose one up to \(Self.highestGzipLevel), or coppice's own conversion")
    }
    do {
      _ = try await tool()
      return nil
    } catch {
      return error as? StepFailure ?? StepFailure("\(error)")
    }
  }

  private func tool() async throws -> EngineTool {
    var fault: String?
    for program in Self.programs {
      let tool = EngineTool(program: program, environment: environment, processes: processes, files: files)
      do {
        _ = try await tool.output(["--version"])
        return tool
      } catch let failure as Failure {
        fault = fault ?? failure.message
      }
    }
    throw StepFailure(
      "Apptainer is to make SIF files, and cannot be run: \(fault ?? "it is not there")",
      help: "install it, or leave out `sif_builder:`: coppice needs no other program for this")
  }

  /// - Parameter file: where nothing lies yet.
  /// - Throws: `StepFailure`, `Failure`, `CancellationError`; nothing is at `file` then.
  func build(
    _ image: StoredImage, to file: FilePath, _ singularity: Singularity, log: @escaping @Sendable (String) -> Void
  ) async throws -> WrittenSIF {
    let tool = try await tool()
    let (directory, archive) = try await onBlockingThread { [self] in try export(image) }
    defer { directory.remove() }
    var arguments = ["build", "--force"]
    if let options = Self.options(singularity) { arguments += ["--mksquashfs-args", options] }
    do {
      try await tool.stream(arguments + [file.description, "docker-archive:\(archive)"], log: log)
      return try await onBlockingThread { [self] in try verified(file) }
    } catch {
      try? await onBlockingThread { [files] in try files.remove(file) }
      throw error
    }
  }

  /// What mksquashfs is told; nil for what Apptainer does by itself.
  private static func options(_ singularity: Singularity) -> String? {
    let level = singularity.level.map { " -Xcompression-level \($0)" }
    switch singularity.compression {
    case .gzip: return level.map { "-comp gzip" + $0 }
    case .zstd: return "-comp zstd" + (level ?? "")
    }
  }

  /// The image where Apptainer can read it, in a directory that is to be removed.
  private func export(_ image: StoredImage) throws -> (HeldDirectory, FilePath) {
    let place = TemporaryPlace(environment, files)
    HeldDirectory.removeLeftovers(of: .archive, in: [place.directory], files: files)
    let size = Dictionary(image.layers.map { ($0.diffID, $0.uncompressedSize) }) { first, _ in first }.values.reduce(
      0, +)
    // The archive, and the files when Apptainer has unpacked them.
    try place.check(2 * size, for: "what Apptainer unpacks of the image")
    guard let directory = HeldDirectory.make(for: .archive, in: [place.directory], files: files) else {
      throw Failure(
        "\(place.directory) cannot be written", help: "name another directory in APPTAINER_TMPDIR or TMPDIR")
    }
    do {
      // Apptainer takes what comes behind a colon for a name within the archive.
      guard !directory.path.bytes.contains(UInt8(ascii: ":")) else {
        throw Failure(
          "Apptainer reads nothing below \(place.directory)", help: "name a directory without colons in TMPDIR")
      }
      let archive = directory.path / "image.tar"
      let file = try files.create(in: directory.path, mode: 0o600)
      defer { file.discard() }
      try store.exportArchive(config: image.config, names: [], to: PendingFileWriter(file))
      try file.commit(to: archive)
      return (directory, archive)
    } catch {
      directory.remove()
      throw error
    }
  }

  private func verified(_ path: FilePath) throws -> WrittenSIF {
    try files.setMode(0o755, of: path)
    try files.sync(path)
    let file = try files.openAnywhere(path)
    let image = try SIFImage(reading: file)
    if let fault = try SIFVerification(image, in: file).faults.first {
      throw Failure("what Apptainer wrote is not whole: \(fault)", help: "run again")
    }
    var (sha256, md5) = (SHA256Hasher(), MD5Hasher())
    try file.forEachPiece(of: 0..<file.size) { piece throws(FileSystemError) in
      sha256.update(piece)
      md5.update(piece)
    }
    return WrittenSIF(digest: sha256.finish(), size: file.size, md5: md5.finish())
  }
}
