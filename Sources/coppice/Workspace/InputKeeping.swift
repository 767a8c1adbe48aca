internal import BuildRecords
internal import ContentStore
internal import ImageModel

extension Workspace {
  /// Keeps lists of inputs, and beside them what `explain` needs to show more than names.
  var inputKeeper: @Sendable (ArtifactID, StepInputs) throws -> Void {
    let (store, recipes, reader) = (store, recipes, DetailReader(files: files))
    return { id, inputs in
      if let files = inputs.encodedFiles { _ = try store.put(files) }
      _ = try store.put(inputs.encoded)
      guard let recipe = recipes[id] else { return }
      // A list whose upstream alone was exchanged comes without its files, which the store has.
      let inputs =
        inputs.hasFiles
        ? inputs : try StepInputs(encoded: inputs.encoded) { try? store.contents(ofBlob: $0, limit: 1 << 30) }
      let details = reader.details(of: recipe, inputs)
      // Without them `explain` says less; that is no reason to fail a build.
      if !details.isEmpty { try? store.keepDetails(details.encoded, ofList: inputs.fingerprint.digest) }
    }
  }

  /// What is kept beside a list of inputs.
  func details(of fingerprint: Fingerprint) -> InputDetails? {
    store.details(ofList: fingerprint.digest).flatMap { InputDetails(encoded: $0) }
  }

  /// A list of inputs that the store has.
  func inputList(_ fingerprint: Fingerprint) -> StepInputs? {
    (try? store.contents(ofBlob: fingerprint.digest, limit: 1 << 30)).flatMap { bytes in
      try? StepInputs(encoded: bytes) { try? store.contents(ofBlob: $0, limit: 1 << 30) }
    }
  }
}
