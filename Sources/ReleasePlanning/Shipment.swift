package import ImageModel

/// One artifact, as it was built, on its way to one destination.
package struct Shipment: Hashable, Sendable {
  package var artifact: ArtifactID
  /// How people ask for it there, the main name first: references with a tag, or names of files.
  package var names: [String]
  package var fingerprint: Fingerprint
  package var output: ArtifactOutput
  /// The image that a file was made of.
  package var image: ArtifactOutput?

  package init(
    artifact: ArtifactID, names: [String], fingerprint: Fingerprint, output: ArtifactOutput,
    image: ArtifactOutput? = nil
  ) {
    self.artifact = artifact
    self.names = names
    self.fingerprint = fingerprint
    self.output = output
    self.image = image
  }
}

/// What a name at a destination leads to.
package struct PublishedVersion: Hashable, Sendable {
  /// Of the manifest behind a tag, or of a file.
  package var digest: Digest
  /// What it is to dependents, whatever it is wrapped in: the config of an image, the file in an artifact; nil where it
  /// is nothing that coppice knows.
  package var output: Digest?

  package init(digest: Digest, output: Digest? = nil) {
    self.digest = digest
    self.output = output
  }
}

/// A name that shall lead elsewhere.
package struct NameSwitch: Hashable, Sendable {
  package var name: String
  /// What it leads to before; nil for nothing.
  package var from: Digest?
  /// Nil to take the name away.
  package var to: Digest?

  package init(_ name: String, from: Digest?, to: Digest?) {
    self.name = name
    self.from = from
    self.to = to
  }

  package var reversed: NameSwitch { NameSwitch(name, from: to, to: from) }
}
