internal import HostSystem
package import ImageModel
internal import JSONText

/// What `collectGarbage` removed, or would remove.
package struct GarbageReport: Hashable, Sendable {
  package var removed: [Digest] = []
  /// Freed, of blobs and leftovers.
  package var bytes = 0
  /// Blobs that stay.
  package var kept = 0
  /// Temporary files of runs that were killed.
  package var leftovers = 0
  /// Disks of VM images that are no step's any more.
  package var overlays = 0
}

extension ImageLayout {
  private static let kind = "coppice roots 1"

  /// Says what a repository needs, so that a store that it shares keeps it; replaces what it said before.
  /// - Parameter digests: config and content digests of images, digests of plain blobs, and keys of VM images' steps.
  package func writeRoots(repository: FilePath, _ digests: [Digest]) throws {
    let name = FilePath(Digest.sha256(repository.bytes).hex)
    let path = repository.description.split(whereSeparator: \.isNewline).joined(separator: " ")
    let lines = ["repository \(path)"] + Set(digests).sorted().map(\.description)
    try inStore { try write(repositoryRoots / name, CheckedText.encode(Self.kind, lines)) }
  }

  /// Removes what nothing needs any more: blobs, and what is recorded of them.
  ///
  /// - Parameter repository: whose roots `roots` are, whatever it said before.
  /// - Parameter roots: digests of images' configs and contents and of plain blobs, and keys of VM images' steps, to keep
  ///   besides the roots of other repositories.
  /// - Parameter since: what was written after this time stays (nanoseconds since 1970): somebody may be about to use it.
  /// - Throws: `Failure`, also when a repository's roots cannot be read: nothing is removed then.
  package func collectGarbage(
    of repository: FilePath? = nil, roots: Set<Digest>, keepingSince since: Int, dryRun: Bool
  ) throws -> GarbageReport {
    try inStore {
      try locked {
        let needed = try roots.union(repositoryRootDigests(except: repository))
        var live = Live(digests: needed)
        for (digest, status) in try records(imageRecords) where needed.contains(digest) || status.modified >= since {
          if let image = try image(digest) { live.add(image) }
        }
        for (content, _) in try records(contentRecords) where needed.contains(content) {
          if let image = try image(ofContent: content) { live.add(image) }
          if let sif = try sif(ofContent: content) { live.add(sif) }
          if let machine = try machine(ofContent: content) { live.add(machine) }
        }
        for (digest, status) in try records(sifRecords) where needed.contains(digest) || status.modified >= since {
          if let sif = try sif(digest) { live.add(sif) }
        }
        for (digest, status) in try records(machineRecords) where needed.contains(digest) || status.modified >= since {
          if let machine = try machine(digest) { live.add(machine) }
        }
        var report = try sweep(live, since, dryRun: dryRun)
        for overlay in try overlays.unneeded(by: needed, keepingSince: since) {
          if !dryRun { try files.remove(overlay.path) }
          report.overlays += 1
          report.bytes += overlay.size
        }
        return report
      }
    }
  }

  private struct Live {
    /// Blobs, config digests among them.
    var digests: Set<Digest>
    var layers: Set<Digest> = []
    var images: Set<Digest> = []
    var contents: Set<Digest> = []

    mutating func add(_ image: StoredImage) {
      images.insert(image.config)
      contents.insert(image.content)
      digests.formUnion(image.blobs.map(\.digest))
      digests.formUnion(image.layers.map(\.listing))
      layers.formUnion(image.layers.map(\.diffID))
    }

    mutating func add(_ sif: StoredSIF) {
      digests.insert(sif.digest)
      contents.insert(sif.content)
    }

    mutating func add(_ machine: StoredMachine) {
      digests.formUnion(machine.files.map(\.digest))
      contents.insert(machine.content)
    }
  }

  /// Names and records go before blobs: killed in between, nothing points at what is gone.
  private func sweep(_ live: Live, _ since: Int, dryRun: Bool) throws -> GarbageReport {
    var report = GarbageReport()
    let names = try namedDescriptors()
    let kept = names.filter { name, descriptor in
      descriptor["digest"]?.string.flatMap { Digest($0) }.map(live.digests.contains) ?? false
    }
    if kept.count < names.count && !dryRun { try writeIndex(kept) }
    var unneeded: [FilePath] = []
    for directory in try entriesIfPresent(fingerprints) where directory.status.kind == .directory {
      for entry in try files.entries(of: fingerprints / directory.name) where entry.status.modified < since {
        let path = fingerprints / directory.name / entry.name
        if try output(at: path).map({ live.digests.contains($0.digest) }) != true { unneeded.append(path) }
      }
    }
    for (directory, needed) in [
      (imageRecords, live.images), (contentRecords, live.contents), (layerRecords, live.layers),
      (layerIndexes, live.layers), (details, live.digests), (sifRecords, live.digests),
      (machineRecords, live.digests), (blockMaps, live.digests),
    ] {
      for (digest, status) in try records(directory) where !needed.contains(digest) && status.modified < since {
        unneeded.append(directory / FilePath(digest.hex))
      }
    }
    unneeded += try unneededLinks(live.digests.contains, since)
    if !dryRun { for path in unneeded { try files.remove(path) } }
    for (digest, status) in try presentBlobs() {
      if live.digests.contains(digest) || status.modified >= since {
        report.kept += 1
      } else {
        if !dryRun { try files.remove(path(ofBlob: digest)) }
        report.removed.append(digest)
        report.bytes += status.size
      }
    }
    for directory in [
      root, blobs, imageRecords, contentRecords, layerRecords, layerIndexes, details, sifRecords, blockMaps,
      machineRecords, overlays.directory, repositoryRoots, temporary, damaged,
    ] {
      for entry in try entriesIfPresent(directory) where entry.status.kind == .regular {
        // Files of ours that are being written begin like this, wherever they lie.
        let isTemporary = directory == temporary || directory == damaged || entry.name.bytes.starts(with: Self.prefix)
        guard isTemporary, entry.status.modified < since else { continue }
        if !dryRun { try files.remove(directory / entry.name) }
        report.leftovers += 1
        report.bytes += entry.status.size
      }
    }
    return report
  }

  /// The repositories that have said what they need.
  package func repositories() throws -> Set<FilePath> {
    try inStore {
      var found = Set<FilePath>()
      for entry in try entriesIfPresent(repositoryRoots) {
        guard let words = try checkedLines(repositoryRoots / entry.name, Self.kind)?.first, words.first == "repository"
        else { continue }
        found.insert(FilePath(words.dropFirst().joined(separator: " ")))
      }
      return found
    }
  }

  private static let prefix = Array(".coppice-".utf8)

  private func repositoryRootDigests(except repository: FilePath?) throws -> Set<Digest> {
    let own = repository.map { Digest.sha256($0.bytes) }
    var digests: Set<Digest> = []
    for entry in try entriesIfPresent(repositoryRoots)
    where entry.name.text.flatMap({ Digest(hex: $0) }).map({ $0 != own }) == true {
      let path = repositoryRoots / entry.name
      guard let lines = try checkedLines(path, Self.kind) else {
        throw Failure(
          "\(path) is damaged: it is not known what a repository needs",
          help: "run `coppice build` in every repository that uses this store, or remove the file")
      }
      digests.formUnion(lines.dropFirst().compactMap { $0.first.flatMap { Digest($0) } })
    }
    return digests
  }

  private func records(_ directory: FilePath) throws -> [(digest: Digest, status: FileStatus)] {
    try entriesIfPresent(directory).compactMap { entry in
      entry.name.text.flatMap { Digest(hex: $0) }.map { ($0, entry.status) }
    }
  }

  func entriesIfPresent(_ directory: FilePath) throws -> [DirectoryEntry] {
    try files.statusIfPresent(of: directory) == nil ? [] : try files.entries(of: directory)
  }
}
