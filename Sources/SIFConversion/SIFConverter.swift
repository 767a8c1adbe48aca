package import ContentStore
package import HostSystem
package import ImageModel
package import SIFFormat
package import SquashFS

/// Makes a SIF of an image: its layers are read once, the top one first, and nothing is extracted.
package struct SIFConverter: Sendable {
  package struct Options: Sendable {
    package var compression = SquashfsCompression.gzip()
    /// What every time in the file is that no layer tells, and the latest of those; nil takes the image's creation for
    /// the first and leaves the others alone. Seconds since 1970.
    package var sourceDateEpoch: Int?
    /// That compress.
    package var threads = coreCount
    package var limits = RootLimits()
    package var isMD5Wanted = false

    package init() {}
  }

  private let files: any FileSystem
  private let options: Options

  package init(files: any FileSystem, options: Options = Options()) {
    self.files = files
    self.options = options
  }

  package struct Conversion: Sendable {
    package var file: WrittenSIF
    package var report: SquashfsWriter.Report
    /// What a later conversion must know to take blocks from this SIF: `EarlierSIF`.
    package var blockMap: [UInt8]
    /// What a SIF cannot express, and what is odd in the image.
    package var diagnostics: [Diagnostic]
  }

  /// - Parameters:
  ///   - config: the bytes of the image's config.
  ///   - layers: the top one first.
  ///   - place: where the file lies by its digest, in the place of `path`.
  ///   - earlier: SIFs from which blocks are taken, which changes no byte of what is written.
  /// - Throws: `Failure` for what is wrong with the image, `FileSystemError` for the disk; nothing shows at `path` then.
  package func convert(
    config: [UInt8], layers: [LayerSource], to path: FilePath, at place: ((Digest) -> FilePath)? = nil,
    reusing earlier: [EarlierSIF] = []
  ) throws -> Conversion {
    let config = try OCIConfig(config)
    do {
      return try convert(config, layers, to: path, place, earlier.compactMap(\.image))
    } catch is EarlierImageFault {
      var conversion = try convert(config, layers, to: path, place, [])
      conversion.diagnostics.append(
        Diagnostic(
          .warning, "an earlier SIF is not what was written: nothing was taken from it",
          help: "`coppice verify` says which; it is built again when it is removed"))
      return conversion
    }
  }

  private func convert(
    _ config: OCIConfig, _ layers: [LayerSource], to path: FilePath, _ place: ((Digest) -> FilePath)?,
    _ earlier: [EarlierImage]
  ) throws -> Conversion {
    let architecture = try config.architecture()
    let additions = SingularityFiles(config, writer: ConversionRecipe.writer)
    let writer = try SIFWriter(to: path, objects: additions.objects, architecture: architecture, files: files)
    defer { writer.discard() }

    var squashfs = SquashfsWriter.Options()
    squashfs.compression = options.compression
    squashfs.threads = options.threads
    let time = options.sourceDateEpoch ?? config.created ?? 0
    squashfs.time = UInt32(clamping: time)
    let sink = ContentSink(
      try SquashfsWriter(to: PartitionSink(writer), options: squashfs, reusing: earlier), architecture)
    let root = try MergedRoot(layers: layers, limits: options.limits).read(into: sink)

    var container = ContainerTree(root, time: time)
    let plan = RootPlan(additions, in: container)
    try sink.layerBegins()
    for change in plan.changes { try container.apply(change, sink) }
    let report = try sink.writer.finish(container.squashfs(sink, latest: options.sourceDateEpoch))
    return Conversion(
      file: try writer.finish(withMD5: options.isMD5Wanted, at: place), report: report,
      blockMap: sink.writer.blockMap.encoded,
      diagnostics: additions.diagnostics + plan.diagnostics + sink.contradiction + Self.notes(report))
  }

  private static func notes(_ report: SquashfsWriter.Report) -> [Diagnostic] {
    var notes: [Diagnostic] = []
    if report.clampedTimes > 0 {
      notes.append(
        Diagnostic(
          .note, "\(report.clampedTimes) files have times that squashfs cannot hold: before 1970, or after 2106"))
    }
    for (name, count) in report.droppedAttributes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      notes.append(
        Diagnostic(
          .warning, "squashfs cannot hold the attribute \(String(decoding: name, as: UTF8.self)) of \(count) files"))
    }
    return notes
  }
}
