package import ImageModel

/// What `coppice.yaml` at the repository's root says; everything has a default.
package struct Settings: Sendable {
  /// In front of every image's name.
  package var namespace = "cati"
  /// `docker`, `podman` or `buildah`; nil means the first that works.
  package var engine: String?
  /// Absolute; nil means `.coppice/store` in the repository.
  package var store: FilePath?
  /// The parameter `casa_version` of templates; its location is a whole file when it is the default.
  package var casaVersion: Located<String>
  /// How many steps run at once; nil means as many as suit the machine.
  package var jobs: Int?
  /// Whether images become SIF files, too, where a definition does not say.
  package var isConverting = true
  /// Absolute; where SIF files lie.
  package var images: FilePath
  /// How SIF files are compressed where a definition does not say.
  package var compression = Singularity()
  /// Who makes SIF files.
  package var sifBuilder = SIFBuilder.coppice
  /// How old images may become where a definition does not say; nil means any age.
  package var maxAge: Duration?
  /// What builds see of the network, in the engine's words.
  package var network = "host"
  /// Rules of `coppice lint` that are switched off.
  package var ignoredRules: Set<LintRule> = []
  /// What the files that a build can see may have together before `coppice lint` warns.
  package var contextLimit = ByteCount(100_000_000)
  /// Where to publish; nowhere, as long as nobody says it.
  package var destinations: [DestinationDefinition] = []

  /// The defaults for a repository with or without `coppice.yaml`.
  package init(repository: FilePath) {
    images = repository / "images"
    casaVersion = Located("1.0", at: SourceLocation(file: repository / Self.fileName))
  }

  /// Of the bytes that they were read from.
  package var digest = Digest.sha256("")

  package static let fileName: FilePath = "coppice.yaml"
}
