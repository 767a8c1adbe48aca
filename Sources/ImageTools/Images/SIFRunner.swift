package import BuildEngine
internal import BuildRecords
package import ContentStore
package import HostSystem
package import ImageModel
internal import SIFConversion
internal import SquashFS

/// Makes a SIF of an image in the store: no engine, no root, no temporary disk.
///
/// The file lies in the store as a blob, and under its name in the directory of images as another name of the same.
package struct SIFRunner: StepRunner {
  private let store: ImageLayout
  private let files: any FileSystem
  /// Where SIF files have names.
  private let images: FilePath
  private let sourceDateEpoch: Int?
  private let time: @Sendable () -> Int

  package init(
    store: ImageLayout, files: any FileSystem, images: FilePath, sourceDateEpoch: Int?,
    time: @escaping @Sendable () -> Int
  ) {
    (self.store, self.files, self.images, self.sourceDateEpoch) = (store, files, images, sourceDateEpoch)
    self.time = time
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
        let sidecar = SIFSidecar(recipe.image, sif, fingerprint)
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
      return try await onBlockingThread { [self] in try convert(image, recipe, job, log) }
    } catch {
      throw error.inWords
    }
  }

  private func convert(
    _ image: StoredImage, _ recipe: ConversionRecipe, _ job: StepJob, _ log: @Sendable (String) -> Void
  ) throws -> ArtifactOutput {
    var options = SIFConverter.Options()
    options.compression = recipe.singularity.squashfs
    options.sourceDateEpoch = sourceDateEpoch
    options.isMD5Wanted = true
    let file = try store.newFile()
    let conversion = try SIFConverter(files: files, options: options).convert(
      config: try store.contents(ofBlob: image.config), layers: store.layerSources(of: image), to: file,
      reusing: earlier(than: image, recipe))
    for diagnostic in conversion.diagnostics {
      log("\(diagnostic.severity.rawValue): \(diagnostic.message)" + (diagnostic.help.map { " (\($0))" } ?? ""))
    }
    try store.take(file, digest: conversion.file.digest, size: conversion.file.size)
    // Without these a later conversion takes longer.
    try? store.keepBlockMap(conversion.blockMap, ofSIF: conversion.file.digest)
    try? store.noteLayers(
      image.layers.map(\.diffID), ofSIF: conversion.file.digest, form: recipe.singularity.squashfs.identity)
    let sif = StoredSIF(
      digest: conversion.file.digest, size: conversion.file.size, content: content(of: image, recipe),
      image: image.config, md5: conversion.file.md5)
    try store.record(sif)
    return sif.output
  }

  /// What the files of the SIF are made of, times aside. Its bytes tell more of the image: when that was made.
  private func content(of image: StoredImage, _ recipe: ConversionRecipe) -> Digest {
    let (singularity, epoch) = (recipe.singularity, sourceDateEpoch.map { "\($0)" } ?? "-")
    let lines = [
      "coppice sif content 1", ConversionRecipe.writer, image.content.description, singularity.compression.rawValue,
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
