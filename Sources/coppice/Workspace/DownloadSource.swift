internal import DefinitionScan
internal import DependencyGraph
internal import HostSystem
internal import ImageModel
internal import ImageTools

/// Where files are downloaded from, and what people call them.
struct DownloadSource {
  let name: String
  let files: PublishedFiles
  /// References of docker images there, by artifact.
  var images: [ArtifactID: String] = [:]

  /// - Parameter text: what a person has written; nil for all destinations of the repository.
  static func find(
    _ text: String?, matching patterns: [NamePattern], _ invocation: Invocation
  ) throws -> [DownloadSource] {
    let (files, environment) = (PosixFileSystem(), invocation.environment)
    guard let text else { return try destinations(nil, patterns, invocation) }
    if text.hasPrefix("https://") || text.hasPrefix("http://") {
      return [DownloadSource(name: text, files: .web(text, files: files, environment: environment))]
    }
    if text.contains(":"), let place = RemotePlace(text) {
      let remote = PublishedFiles.remote(
        place, SSHOptions(), files: files, processes: PosixProcessRunner(), environment: environment)
      return [DownloadSource(name: text, files: remote)]
    }
    let path = (invocation.directory / FilePath(text)).normalized
    if text.contains("/") || (try? files.status(of: path, followingLinks: true))?.kind == .directory {
      return [DownloadSource(name: text, files: .directory(path, files: files))]
    }
    return try destinations(text, patterns, invocation)
  }

  /// A SIF file in a registry, as Apptainer names it.
  struct Address {
    let reference: ImageReference
    let pattern: NamePattern
    fileprivate let file: String

    /// Nil for a text that begins as none.
    fileprivate init?(_ text: String) throws(InvalidInput) {
      guard text.hasPrefix("oras://") else { return nil }
      guard let reference = try? ImageReference(String(text.dropFirst("oras://".count))), reference.registry != nil
      else {
        throw InvalidInput([
          Diagnostic(.error, "'\(text)' names no file in a registry", help: "one is oras://HOST/REPOSITORY:TAG")
        ])
      }
      self.reference = reference
      var tag = reference.tag ?? "latest"
      if tag.hasSuffix("-sif") { tag.removeLast("-sif".count) }
      file = "\(reference.repository.split(separator: "/").last ?? "image")-\(tag).sif"
      pattern = NamePattern(text, file: file)
    }
  }

  /// What of the words of a person is an address, and what a name.
  static func addresses(in words: [String]) throws(InvalidInput) -> (addresses: [Address], names: [String]) {
    var (addresses, names): ([Address], [String]) = ([], [])
    for word in words {
      if let address = try Address(word) { addresses.append(address) } else { names.append(word) }
    }
    return (addresses, names)
  }

  static func registry(_ address: Address, _ invocation: Invocation) -> DownloadSource {
    let files = PublishedFiles.registry(
      [address.file: address.reference], files: PosixFileSystem(), processes: PosixProcessRunner(),
      environment: invocation.environment,
      note: { if !invocation.global.isQuiet { invocation.show([$0]) } })
    return DownloadSource(name: address.reference.registry ?? "", files: files)
  }

  private static func destinations(
    _ name: String?, _ patterns: [NamePattern], _ invocation: Invocation
  ) throws -> [DownloadSource] {
    let workspace = try Workspace.checked(invocation)
    let definitions = try workspace.destinations(named: name.map { [$0] } ?? [])
    guard !definitions.isEmpty else {
      throw InvalidInput([
        Diagnostic(
          .error, "there is no destination to download from",
          at: SourceLocation(file: workspace.repository / "coppice.yaml"), help: "say --from PLACE")
      ])
    }
    return try definitions.map { try workspace.source($0, patterns) }
  }
}

extension Workspace {
  fileprivate func source(_ definition: DestinationDefinition, _ patterns: [NamePattern]) throws -> DownloadSource {
    let processes = PosixProcessRunner()
    switch definition.place {
    case .directory(let path):
      return DownloadSource(name: definition.name, files: .directory(path, files: files))
    case .remote(let place, let options):
      let remote = PublishedFiles.remote(
        try .written(place, invocation.environment), options, files: files, processes: processes,
        environment: invocation.environment)
      return DownloadSource(name: definition.name, files: remote)
    case .registry:
      var references: [String: ImageReference] = [:]
      var images: [ArtifactID: String] = [:]
      for id in recipes.keys.sorted() {
        let file = ConversionRecipe.fileName(of: id)
        guard patterns.contains(where: { $0.matches(file) }),
          let name = publishedNames(of: id, at: definition).first
        else { continue }
        if id.kind == .sif { references[file] = try? ImageReference(name) } else { images[id] = name }
      }
      let tagged = PublishedFiles.registry(
        references, files: files, processes: processes, environment: invocation.environment,
        note: { [invocation] in if !invocation.global.isQuiet { invocation.show([$0]) } })
      return DownloadSource(name: definition.name, files: tagged, images: images)
    }
  }
}

/// How people name published files: `casa-dev-ubuntu-18.04.sif`, `casa-dev:ubuntu-18.04`, `casa-*`.
struct NamePattern {
  let text: String
  private let glob: Glob
  /// Of the files that are meant.
  private let endings: [String]
  private let hasKind: Bool

  /// - Parameter file: the only name that it matches.
  fileprivate init(_ text: String, file: String) {
    self.text = text
    glob = Glob(file)
    (endings, hasKind) = ([], false)
  }

  init(_ text: String) {
    self.text = text
    let kind = ["sif/", "docker/", "vbox/"].first(where: text.hasPrefix)
    let ofMachines = MachineFormat.allCases.map { ".\($0.rawValue)" }
    hasKind = kind != nil
    endings = kind == "vbox/" ? ofMachines : kind == nil ? [".sif"] + ofMachines : [".sif"]
    var word = String(text.dropFirst(kind?.count ?? 0))
    if word == "all" { word = "*" }
    glob = Glob(String(word.map { ":/".contains($0) ? "-" : $0 }))
  }

  func matches(_ file: String) -> Bool {
    guard let ending = endings.first(where: file.hasSuffix) else { return !hasKind && glob.matches(file) }
    return glob.matches(file) || glob.matches(String(file.dropLast(ending.count)))
  }
}
