import ImageModel

/// The local name of an image that cannot move, since it says what the image is.
///
/// Engines accept it in `FROM`, `COPY --from` and `RUN --mount=from`; BuildKit accepts no id there.
enum ExactName {
  static let repository = "localhost/coppice/image"

  static func of(_ digest: Digest) -> String { repository + ":" + digest.hex }

  static func reference(_ digest: Digest) throws -> ImageReference { try ImageReference(of(digest)) }
}
