/// A SIF made of an image of the tree.
package struct ConversionRecipe: Sendable {
  /// Who makes SIF files: changes when another file is made of the same image.
  package static let writer = "coppice 2"

  package var id: ArtifactID
  package var definition: DefinitionSource
  /// Where the image is declared.
  package var location: SourceLocation
  package var image: ArtifactID
  package var singularity: Singularity

  /// - Precondition: the image's recipe asks for a conversion.
  package init(of image: ImageRecipe, _ singularity: Singularity) {
    id = ArtifactID(kind: .sif, name: image.id.name, tag: image.id.tag)
    definition = image.definition
    location = image.location
    self.image = image.id
    self.singularity = singularity
  }

  package var fileName: String { Self.fileName(of: image) }

  /// `casa-dev-ubuntu-18.04.sif`
  package static func fileName(of image: ArtifactID) -> String {
    "\(image.name.split(separator: "/").joined(separator: "-"))-\(image.tag).sif"
  }
}

/// Who makes SIF files.
package enum SIFBuilder: String, Sendable, CaseIterable {
  /// Without a copy on disk; the bytes depend on the image alone.
  case coppice
  case apptainer

  /// As lists of inputs and sidecars name it.
  package var writer: String { self == .coppice ? ConversionRecipe.writer : rawValue }
}
