internal import HostSystem
package import ImageModel

/// A blob whose bytes are not those of its name.
package struct BlobDamage: Hashable, Sendable {
  package var blob: Digest
  /// Where it lies now.
  package var movedTo: FilePath
  /// Config digests of the images that need it.
  package var images: [Digest]
  /// Names of those images in `index.json`.
  package var names: [String]
}

extension ImageLayout {
  /// Hashes every blob; damaged ones are moved aside, so that they are made anew.
  /// - Parameter progress: called after each blob with its size.
  package func verify(progress: (Int) -> Void = { _ in }) throws -> [BlobDamage] {
    try inStore {
      let images = try recordedImages()
      let names = try names()
      var found: [BlobDamage] = []
      for (digest, status) in try presentBlobs() {
        guard let actual = try digestIfPresent(digest) else { continue }
        progress(status.size)
        if actual == digest { continue }
        try files.createDirectory(damaged)
        let target = damaged / FilePath(digest.hex)
        try files.rename(path(ofBlob: digest), to: target)
        let concerned = images.filter { image in image.blobs.contains { $0.digest == digest } }
        let indexes = Set(concerned.map(\.index))
        found.append(
          BlobDamage(
            blob: digest, movedTo: target, images: concerned.map(\.config).sorted(),
            names: names.filter { indexes.contains($0.value) }.keys.sorted()))
      }
      return found
    }
  }

  /// Nil when it was removed meanwhile.
  private func digestIfPresent(_ digest: Digest) throws -> Digest? {
    do {
      return try files.digest(of: path(ofBlob: digest))
    } catch {
      if error.reason == .notFound { return nil }
      throw error
    }
  }

  func presentBlobs() throws -> [(digest: Digest, status: FileStatus)] {
    guard try files.statusIfPresent(of: blobs) != nil else { return [] }
    return try files.entries(of: blobs).compactMap { entry in
      entry.name.text.flatMap { Digest(hex: $0) }.map { ($0, entry.status) }
    }
  }
}
