import ImageModel

extension EngineImage {
  /// The id read as a config digest.
  func configDigest() throws -> Digest {
    guard let digest = Digest(id) else { throw Failure("the engine calls an image '\(id)', which is no digest") }
    return digest
  }
}
