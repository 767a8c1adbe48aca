package import HostSystem
package import ImageModel

/// What a conversion must know to take blocks from earlier SIFs.
extension ImageLayout {
  /// Keeps the map of a SIF's blocks, for as long as the SIF stays.
  package func keepBlockMap(_ bytes: [UInt8], ofSIF sif: Digest) throws {
    try inStore { try write(blockMaps / FilePath(sif.hex), bytes) }
  }

  /// The map of a SIF's blocks; nil when there is none.
  package func blockMap(ofSIF sif: Digest) -> FileBytes? {
    (try? files.mapped(blockMaps / FilePath(sif.hex))) ?? nil
  }

  /// A blob to be read here and there; the reader does not verify.
  package func openAnywhere(blob digest: Digest) throws -> any RandomAccessFile {
    try inStore { try files.openAnywhere(path(ofBlob: digest)) }
  }

  /// Lets a SIF be found by the layers of its image, and by the lower ones alone where no other is found by them.
  ///
  /// For each number of layers there is a link to a SIF, so that one that is gone is not found.
  /// - Parameters:
  ///   - diffIDs: from the base up.
  ///   - form: SIFs of another form have other blocks.
  package func noteLayers(_ diffIDs: [Digest], ofSIF sif: Digest, form: String) throws {
    try inStore {
      try files.createDirectory(sifLinks)
      for (isWhole, link) in links(diffIDs, form) {
        if let known = target(of: link), known == sif || !isWhole { continue }
        let new = sifLinks / temporaryName
        try files.createLink(new, to: "../../blobs/sha256" / FilePath(sif.hex))
        try files.rename(new, to: link)
      }
    }
  }

  /// The SIF whose image has most layers in common with these, from the base up; nil when none has any.
  package func sif(likeLayers diffIDs: [Digest], form: String) -> Digest? {
    links(diffIDs, form).lazy.compactMap { target(of: $0.link) }.first
  }

  /// Links by more and more layers; the last one is that of all, and comes first.
  private func links(_ diffIDs: [Digest], _ form: String) -> [(isWhole: Bool, link: FilePath)] {
    var links: [(Bool, FilePath)] = []
    var chain: Digest?
    for (index, diffID) in diffIDs.enumerated() {
      // As the image specification chains them.
      chain = chain.map { .sha256("\($0) \(diffID)") } ?? diffID
      guard let chain else { continue }
      links.append((index == diffIDs.count - 1, sifLinks / FilePath(Digest.sha256("\(form) \(chain)").hex)))
    }
    return links.reversed()
  }

  /// The SIF that a link leads to; nil when it is gone, or blocks cannot be found in it.
  private func target(of link: FilePath) -> Digest? {
    guard let sif = try? files.target(ofLink: link).name.text.flatMap({ Digest(hex: $0) }),
      (try? size(ofBlob: sif)) != nil,
      (try? files.status(of: blockMaps / FilePath(sif.hex), followingLinks: false)) != nil
    else { return nil }
    return sif
  }

  /// Links that lead to nothing that is needed, and those that got no name.
  func unneededLinks(_ isNeeded: (Digest) -> Bool, _ since: Int) throws -> [FilePath] {
    guard try files.statusIfPresent(of: sifLinks) != nil else { return [] }
    return try files.entries(of: sifLinks).filter { entry in
      guard entry.status.modified < since else { return false }
      guard entry.name.text.flatMap({ Digest(hex: $0) }) != nil,
        let sif = try? files.target(ofLink: sifLinks / entry.name).name.text.flatMap({ Digest(hex: $0) })
      else { return true }
      return !isNeeded(sif)
    }.map { sifLinks / $0.name }
  }
}
