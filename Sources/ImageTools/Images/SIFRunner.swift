package import BuildEngine
internal import BuildRecords
package import ContentStore
package import HostSystem
package import ImageModel
internal import SIFConversion
internal import SIFFormat
internal import SquashFS

/// Makes a SIF of an image in the store: no engine, no root, no temporary disk, unless Apptainer is to make it.
///
/// The file lies in the store as a blob, and under its name in the directory of images as another name of the same.
package struct SIFRunner: StepRunner {
  private let store: ImageLayout
  private let files: any FileSystem
  /// Where SIF files have names.
  private let images: FilePath
  private let builder: SIFBuilder
  private let apptainer: ApptainerBuilder
  private let sourceDateEpoch: Int?
  private let time: @Sendable () -> Int

  /// - Parameter environment: where Apptainer and its temporary files lie.
  package init(
    store: ImageLayout, files: any FileSystem, images: FilePath, builder: SIFBuilder = .coppice,
    processes: any ProcessRunner, environment: [String: String], sourceDateEpoch: Int?,
    time: @escaping @Sendable () -> Int
  ) {
    (self.store, self.files, self.images, self.builder) = (store, files, images, builder)
    apptainer = ApptainerBuilder(store: store, files: files, processes: processes, environment: environment)
    (self.sourceDateEpoch, self.time) = (sourceDateEpoch, time)
  }

  package func refusal(of recipe: Recipe) async -> StepFailure? {
    guard builder == .apptainer, case .conversion(let recipe) = recipe else { return nil }
    return await apptainer.refusal(of: recipe.singularity)
  }

  package func storedOutput(of id: ArtifactID, for fingerprint: Fingerprint) throws -> ArtifactOutput? {
    guard let output = try store.output(for: fingerprint), try store.sif(for: output) != nil else { return nil }
    return output
  }

  package func isStored(_ output: ArtifactOutput, of id: ArtifactID) -> Bool {
    ((try? store.sif(for: output)) ?? nil) != nil
  }

  package var outputPlace: FilePath? { FilePath(bytes: store.root.bytes + [0] + images.bytes) }

  package func condition(of id: ArtifactID, _ output: ArtifactOutput) -> OutputCondition {
    condition(of: id, output, store, files)
  }

  package func condition(
    of id: ArtifactID, _ output: ArtifactOutput, through files: any FileSystem
  ) -> OutputCondition? {
    condition(of: id, output, ImageLayout(root: store.root, files: files), files)
  }

  private func condition(
    of id: ArtifactID, _ output: ArtifactOutput, _ store: ImageLayout, _ files: any FileSystem
  ) -> OutputCondition {
    let path = path(of: id)
    do {
      guard let sif = try store.sif(for: output) else {
        let stored = store.conditionOfFile(output)
        return stored == .intact ? .missing("it is not known what \(path.name) was made of") : stored
      }
      guard let status = try files.statusIfPresent(of: path) else { return .missing("\(path) is not there") }
      guard status.kind == .regular, status.size == sif.size else {
        return .damaged("\(path) is not what was written there")
      }
      return .intact
    } catch {
      return .damaged("\(error)")
    }
  }

  private func path(of id: ArtifactID) -> FilePath { images / FilePath(ConversionRecipe.fileName(of: id)) }

  package func remember(_ output: ArtifactOutput, of id: ArtifactID, for fingerprint: Fingerprint) throws {
    try store.remember(output, for: fingerprint)
  }

  package func adopt(
    _ recipe: Recipe, _ output: ArtifactOutput, of fingerprint: Fingerprint, isFresh: Bool
  ) async throws {
    guard case .conversion(let recipe) = recipe else { return }
    do {
      try await onBlockingThread { [self] in
        guard let sif = try store.sif(for: output) else {
          throw Failure("\(recipe.id) is not in the content store", help: "build it again")
        }
        let path = path(of: recipe.id)
        try files.createDirectory(images)
        let sidecar = SIFSidecar(recipe.image, sif, fingerprint, by: builder)
        if SIFSidecar(of: path, files) != sidecar {
          try files.replace(SIFSidecar.path(of: path), with: Array(sidecar.text(time()).utf8), mode: 0o644)
        }
        try store.show(sif.output, at: path, mode: 0o755)
      }
    } catch {
      throw error.inWords
    }
  }

  package func run(
    _ job: StepJob, log: @escaping @Sendable (String) -> Void
  ) async throws -> ArtifactOutput {
    guard case .conversion(let recipe) = job.recipe else { throw StepFailure("\(job.recipe.id) is no conversion") }
    guard let output = job.upstreams[recipe.image], let image = try store.image(for: output) else {
      throw StepFailure("\(recipe.image) is not in the content store", help: "build it")
    }
    do {
      let file = try await onBlockingThread { [self] in
        try checkSpace(for: image)
        return try store.newFile()
      }
      if builder == .apptainer {
        let made = try await apptainer.build(image, to: file, recipe.singularity, log: log)
        return try await onBlockingThread { [self] in
          try store.take(file, digest: made.digest, size: made.size)
          return try record(made, of: image, recipe)
        }
      }
      return try await onBlockingThread { [self] in
        let conversion = try convert(image, recipe, to: file, log)
        let output = try record(conversion.file, of: image, recipe)
        // Without these a later conversion takes longer.
        try? store.keepBlockMap(conversion.blockMap, ofSIF: output.digest)
        try? store.noteLayers(
          image.layers.map(\.diffID), ofSIF: output.digest, form: recipe.singularity.squashfs.identity)
        return output
      }
    } catch {
      throw error.inWords
    }
  }

  private func convert(
    _ image: StoredImage, _ recipe: ConversionRecipe, to file: FilePath, _ log: @Sendable (String) -> Void
  ) throws -> SIFConverter.Conversion {
    var options = SIFConverter.Options()
    options.compression = recipe.singularity.squashfs
    options.sourceDateEpoch = sourceDateEpoch
    options.isMD5Wanted = true
    let conversion = try SIFConverter(files: files, options: options).convert(
      config: try store.contents(ofBlob: image.config), layers: store.layerSources(of: image), to: file,
      at: store.path(ofBlob:), reusing: earlier(than: image, recipe))
    for diagnostic in conversion.diagnostics {
      log("\(diagnostic.severity.rawValue): \(diagnostic.message)" + (diagnostic.help.map { " (\($0))" } ?? ""))
    }
    return conversion
  }

  /// Files that upper layers hide make a SIF smaller than the layers: only what cannot be is refused.
  private func checkSpace(for image: StoredImage) throws {
    let free = try files.freeSpace(at: store.root)
    guard free < image.size / 2 else { return }
    throw Failure(
      "\(store.root) has \(ByteCount(free)) left, and the SIF file takes about \(ByteCount(image.size))",
      help: "free some space, or run `coppice gc`")
  }

  private func record(
    _ made: WrittenSIF, of image: StoredImage, _ recipe: ConversionRecipe
  ) throws -> ArtifactOutput {
    let sif = StoredSIF(
      digest: made.digest, size: made.size, content: content(of: image, recipe), image: image.config, md5: made.md5)
    try store.record(sif)
    return sif.output
  }

  /// What the files of the SIF are made of, times aside. Its bytes tell more of the image: when that was made.
  private func content(of image: StoredImage, _ recipe: ConversionRecipe) -> Digest {
    let (singularity, epoch) = (recipe.singularity, sourceDateEpoch.map { "\($0)" } ?? "-")
    let lines = [
      "coppice sif content 1", builder.writer, image.content.description, singularity.compression.rawValue,
      singularity.level.map { "\($0)" } ?? "-", epoch,
    ]
    return .sha256(lines.map { $0 + "\n" }.joined())
  }

  /// The SIF files whose blocks may be those of an image: the last one of the same name, and that of an image with which it
  /// has most layers in common.
  private func earlier(than image: StoredImage, _ recipe: ConversionRecipe) -> [EarlierSIF] {
    let own = SIFSidecar(of: path(of: recipe.id), files)?.sif.digest
    let like = store.sif(likeLayers: image.layers.map(\.diffID), form: recipe.singularity.squashfs.identity)
    return [own, like == own ? nil : like].compactMap { $0.flatMap(store.earlierSIF) }
  }
}

extension Singularity {
  var squashfs: SquashfsCompression {
    switch compression {
    case .gzip: level.map { .gzip(level: $0) } ?? .gzip()
    case .zstd: level.map { .zstd(level: $0) } ?? .zstd()
    }
  }
}
