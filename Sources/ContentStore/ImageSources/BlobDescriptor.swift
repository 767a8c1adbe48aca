package import ImageModel
package import JSONText

/// How a manifest or an index names a blob.
package struct BlobDescriptor: Sendable, Hashable {
  package var digest: Digest
  /// Nil where none is promised, which the specification forbids and old writers do.
  package var size: Int?
  package var mediaType: String?
  /// The blob itself, verified, where the descriptor holds it.
  package var data: [UInt8]?
  /// Where the blob lies, when it need not be where its image is.
  package var urls: [String] = []

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
    urls = value["urls"]?.strings ?? []
    guard let text = value["data"]?.string else { return }
    guard let data = Base64.decode(text), data.count == size ?? data.count, Digest.sha256(data) == digest else {
      throw Fault(words: "the data in the descriptor of \(digest) are not what it says")
    }
    self.data = data
  }

  /// For a blob that is missing; nil when it should be there.
  package var missingReason: (words: String, help: String)? {
    guard let url = urls.first else { return nil }
    return (
      "\(digest) is not distributed with the image: it is at \(url.prefix(200))".printable,
      "copy the image with all of its layers, and use the copy"
    )
  }

  /// In an image layout.
  var path: String { "blobs/sha256/" + digest.hex }
}
