package import ImageModel

extension ImageLayout {
  /// Whether the store has what a recorded image means, whole by the names and sizes of its blobs; `verify` hashes.
  package func condition(of output: ArtifactOutput) -> OutputCondition {
    do {
      if try image(for: output) != nil { return .intact }
      guard let image = try image(output.digest) else {
        return .missing("image sha256:\(output.digest.short)… is not in the content store")
      }
      for blob in image.blobs {
        let name = "\(blob.name) sha256:\(blob.digest.short)… of image sha256:\(image.config.short)…"
        guard let size = try size(ofBlob: blob.digest) else { return .missing("\(name) is not in the content store") }
        if size != blob.size { return .damaged("\(name) has \(size) bytes instead of \(blob.size)") }
      }
      return .intact
    } catch {
      return .damaged("\(error)")
    }
  }

  /// Whether a file that lies in the store as a blob is whole, by its size.
  package func conditionOfFile(_ output: ArtifactOutput) -> OutputCondition {
    do {
      guard let size = try size(ofBlob: output.digest) else {
        return .missing("file sha256:\(output.digest.short)… is not in the content store")
      }
      if size == output.size { return .intact }
      return .damaged("file sha256:\(output.digest.short)… has \(size) bytes instead of \(output.size)")
    } catch {
      return .damaged("\(error)")
    }
  }

  /// What keeps an image from being whole; nil when nothing does.
  func fault(of image: StoredImage) throws -> String? {
    try image.blobs.first { try size(ofBlob: $0.digest) != $0.size }.map {
      "\($0.name) \($0.digest) is not in the content store"
    }
  }

  /// What differs between two images, layer by layer and without times, sorted; members of the config first.
  /// - Parameters:
  ///   - first: config digests, both.
  ///   - limit: of more, only some are found.
  package func differences(
    between first: Digest, and second: Digest, limit: Int = .max
  ) throws -> [OutputDifference] {
    let images = try [first, second].map { digest in
      guard let image = try image(digest) else {
        throw Failure("image \(digest) is not in the content store", help: "build it again")
      }
      return image
    }
    let configs = try [first, second].map { try ImageConfig(try contents(ofBlob: $0)) }
    var found: [String: Set<Digest>] = [:]
    for index in 0..<max(images[0].layers.count, images[1].layers.count) {
      let digests = images.map { index < $0.layers.count ? $0.layers[index].listing : nil }
      if digests[0] == digests[1] { continue }
      let listings = try digests.map { try $0.flatMap { LayerListing(try contents(ofBlob: $0, limit: 1 << 30)) } }
      found.merge(LayerListing.differences(listings[0], listings[1], limit: limit)) { $0.union($1) }
      if found.count > limit { break }
    }
    return configs[0].differingMembers(configs[1]).map { OutputDifference($0) }
      + found.sorted { $0.key < $1.key }.map { OutputDifference($0.key, contents: $0.value) }
  }
}
