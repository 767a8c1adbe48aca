/// Where artifacts are published, as `coppice.yaml` says it.
package struct DestinationDefinition: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// An OCI registry, and what stands in front of an image's own name there; nil for the namespace of the images.
    case registry(host: String, path: String?)
    /// A directory of this machine, absolute: a web root, a file server.
    case directory(FilePath)
    /// A directory of another machine; nil for that of casa_distro (`RemotePlace.casaDistro`).
    case remote(RemotePlace?, SSHOptions)
  }

  package var name: String
  package var place: Place
  /// What is published there.
  package var kinds: Set<ArtifactKind>
  package var visibilities: Set<ImageRecipe.Visibility>
  package var location: SourceLocation

  package init(
    name: String, place: Place, kinds: Set<ArtifactKind>, visibilities: Set<ImageRecipe.Visibility>,
    location: SourceLocation
  ) {
    self.name = name
    self.place = place
    self.kinds = kinds
    self.visibilities = visibilities
    self.location = location
  }

  /// What a place can hold.
  package static func kinds(at place: Place) -> [ArtifactKind] {
    switch place {
    case .registry: [.docker, .sif]
    case .directory, .remote: [.sif, .vbox]
    }
  }
}

/// How ssh is told to reach a machine, beside what its own configuration says.
package struct SSHOptions: Hashable, Sendable {
  package var port: Int?
  /// Arguments of ssh.
  package var words: [String]

  package init(port: Int? = nil, words: [String] = []) { (self.port, self.words) = (port, words) }
}
