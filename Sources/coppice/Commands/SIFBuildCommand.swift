internal import ContentStore
internal import DefinitionScan
internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText
internal import SIFConversion
internal import SIFFormat
internal import SquashFS

extension SIFBuildOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let files = PosixFileSystem()
    let path = (invocation.directory / output).normalized
    try check(path, files)
    var options = SIFConverter.Options()
    options.compression = compression
    options.sourceDateEpoch = try invocation.sourceDateEpoch()
    let address = try ImageAddress(source, from: invocation.directory, files: files)
    var image = try await invocation.image(at: address, platform: platform)
    var earlier: [EarlierSIF] = []
    if let store = invocation.storeAtHand(files) {
      image = image.known(to: store)
      earlier = store.earlierSIF(than: image, compression).map { [$0] } ?? []
    }
    try Self.checkSpace(for: image, at: path.parent, files) { invocation.show([$0]) }
    files.removeAbandoned(in: path.parent)
    let progress = ConversionProgress(
      count: image.layers.count, size: image.size, on: invocation.isOutputTerminal && !isJSON ? invocation : nil)
    defer { progress.close() }
    let converter = SIFConverter(files: files, options: options)
    let conversion = try await progress.run(image.layers) { [config = image.config, earlier] layers in
      try converter.convert(config: config, layers: layers, to: path, reusing: earlier)
    }
    progress.close()
    if !invocation.global.isQuiet { invocation.show(conversion.diagnostics) }
    report(conversion, of: image, at: path, in: progress.elapsed, invocation)
    return .success
  }

  private func check(_ path: FilePath, _ files: PosixFileSystem) throws {
    guard (try? files.status(of: path.parent, followingLinks: true))?.kind == .directory else {
      throw InvalidInput([Diagnostic(.error, "there is no directory \(path.parent)")])
    }
    guard let status = try files.statusIfPresent(of: path) else { return }
    if status.kind != .regular && status.kind != .symbolicLink {
      throw InvalidInput([Diagnostic(.error, "\(path) is no file that could be replaced")])
    }
    if !isForced { throw InvalidInput([Diagnostic(.error, "\(path) is there already", help: "--force replaces it")]) }
  }

  /// Files that upper layers hide make a SIF smaller than its layers, other compression larger: only what cannot be is refused.
  private static func checkSpace(
    for image: SourceImage, at directory: FilePath, _ files: PosixFileSystem, warn: (Diagnostic) -> Void
  ) throws {
    guard let expected = image.compressedSize, expected > 0 else { return }
    let free = try files.freeSpace(at: directory)
    let words = "\(directory) has \(ByteCount(free)) left, and the file takes about \(ByteCount(expected))"
    if free < expected / 2 { throw Failure(words, help: "free some space, or write it elsewhere") }
    if free < expected { warn(Diagnostic(.warning, words)) }
  }

  private func report(
    _ conversion: SIFConverter.Conversion, of image: SourceImage, at path: FilePath, in time: Duration,
    _ invocation: Invocation
  ) {
    let file = conversion.file
    if isJSON {
      invocation.show([
        "file": .string(path.description), "size": .integer(file.size), "sha256": .string(file.digest.hex),
        "image": .string(Digest.sha256(image.config).description),
        "platform": image.platform.map { .string($0.description) } ?? .null,
        "layers": .integer(image.layers.count), "inodes": .integer(conversion.report.inodes),
        "diagnostics": .array(conversion.diagnostics.map(DiagnosticJSON.value)),
      ])
    } else if !invocation.global.isQuiet {
      let layers = HumanText.count(image.layers.count, "layer")
      invocation.showForeign(
        "\(invocation.diagnostics.shown(path)): \(HumanText.bytes(file.size)) from \(layers) in "
          + "\(HumanText.duration(time)), sha256 \(file.digest.hex)\n")
    }
  }
}

extension Invocation {
  /// The content store that was named, or that of the repository around; nil where there is none.
  func storeAtHand(_ files: PosixFileSystem) -> ImageLayout? {
    func known(_ path: FilePath) -> ImageLayout? {
      (try? files.status(of: path, followingLinks: true)) == nil ? nil : ImageLayout(root: path, files: files)
    }
    if let store { return known(store) }
    let around = try? RepositoryFinder.find(
      option: repository, from: directory, environmentValue: variable("CASA_DEFAULT_REPOSITORY"), home: nil,
      files: files)
    guard let repository = around ?? nil, let settings = try? SettingsReader.read(repository: repository, files: files)
    else { return nil }
    return known(settings.store ?? repository / Workspace.storeName)
  }

  /// SOURCE_DATE_EPOCH.
  /// - Throws: when it is no number of seconds since 1970.
  func sourceDateEpoch() throws(InvalidInput) -> Int? {
    guard let text = variable("SOURCE_DATE_EPOCH") else { return nil }
    guard let seconds = Int(text), 0...Int(UInt32.max) ~= seconds else {
      throw InvalidInput([Diagnostic(.error, "SOURCE_DATE_EPOCH must be a number of seconds since 1970, not '\(text)'")]
      )
    }
    return seconds
  }

  /// The image behind an address.
  func image(at address: ImageAddress, platform: Platform?) async throws -> SourceImage {
    let sources = ImageSources(
      files: PosixFileSystem(), processes: PosixProcessRunner(), environment: environment,
      note: { [self] in if !global.isQuiet { show([$0]) } })
    return try await sources.image(at: address, platform: platform) {
      // Without a repository there may be a store.
      try store ?? Workspace(self).storePath
    }
  }
}
