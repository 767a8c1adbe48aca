internal import ImageModel

/// What one `casa_distro_vbox.yaml` says, before names are looked up and paths resolved.
struct MachineDefinition {
  static let name = "casa_distro_vbox.yaml"

  struct ImageSource {
    /// Where its entry begins.
    var location: SourceLocation
    var name: Located<String>
    /// At least one; the last is the main one.
    var tags: [Located<String>]
    var visibility = ImageRecipe.Visibility.public
    var hardware = MachineHardware()
    var formats = MachineFormat.allCases
    var maxAge: Duration?
    /// Nil where it is faulty.
    var base: MachineBase?
    var steps: [MachineStep] = []
    /// The artifacts that it names, as they are written.
    var uses: [Located<ArtifactID>] = []
    /// Where values stand that are inputs, by the input's name.
    var places: [InputGroup: [String: SourceLocation]] = [:]
  }

  var dependencies: [Located<String>] = []
  var images: [ImageSource] = []
}
