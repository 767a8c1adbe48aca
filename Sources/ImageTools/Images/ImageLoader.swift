package import ContentStore
package import HostSystem
package import ImageModel

/// Gives images from the content store to the engine, for people who want to run them.
package struct ImageLoader: Sendable {
  private let store: ImageLayout
  private let engines: EngineFinder
  private let files: any FileSystem

  package init(store: ImageLayout, engines: EngineFinder, files: any FileSystem) {
    self.store = store
    self.engines = engines
    self.files = files
  }

  /// Does nothing but naming when the engine has the image.
  /// - Returns: the engine's name.
  package func load(_ output: ArtifactOutput, names: [ImageReference]) async throws -> String {
    let engine = try await engines.engine()
    let config = try store.image(for: output)?.config ?? output.digest
    let image: EngineImage
    if let present = try await engine.image(config: config) {
      image = present
    } else {
      image = try await give(config, to: engine)
    }
    try await engine.tag(image, config: config, as: names)
    return engine.name
  }

  private func give(_ config: Digest, to engine: any ContainerEngine) async throws -> EngineImage {
    let exact = try ExactName.reference(config)
    return try await engines.directories.withNewDirectory(.load, files) { directory in
      try await onBlockingThread { [files] in try files.createDirectory(directory) }
      return try await engine.load(config: config, directory: directory) { [store] writer in
        try store.exportArchive(config: config, names: [exact], to: writer)
      }
    }
  }
}
