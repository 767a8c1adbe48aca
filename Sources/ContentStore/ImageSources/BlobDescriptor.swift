package import ImageModel
package import JSONText

/// How a manifest or an index names a blob.
package struct BlobDescriptor: Sendable, Hashable {
  package var digest: Digest
  /// Nil where none is promised, which the specification forbids and old writers do.
  package var size: Int?
  package var mediaType: String?

  /// Why a value is none.
  package struct Fault: Error { package var words: String }

  package init(_ value: JSONValue) throws(Fault) {
    guard let text = value["digest"]?.string else { throw Fault(words: "a descriptor has no digest") }
    guard let digest = Digest(text) else { throw Fault(words: Digest.fault(text)) }
    self.digest = digest
    if let size = value["size"], !size.isNull {
      guard let size = size.integer, size >= 0 else { throw Fault(words: "the size of \(digest) is no number") }
      self.size = size
    }
    mediaType = value["mediaType"]?.string
  }

  /// In an image layout.
  var path: String { "blobs/sha256/" + digest.hex }
}
