internal import ImageModel

/// What one `casa_distro_docker.yaml` says, before templates are expanded and paths resolved.
struct DefinitionFile {
  static let name = "casa_distro_docker.yaml"

  struct ImageSource {
    /// Where its entry begins.
    var location: SourceLocation
    var name: Located<String>
    /// At least one; the last is the main one.
    var tags: [Located<String>]
    var visibility = ImageRecipe.Visibility.public
    var parameters: [String: Located<String>] = [:]
    var buildArguments: [String: Located<String>] = [:]
    var secrets: [BuildSecret] = []
    var target: String?
    var platform: Platform?
    var singularity: Singularity?
    var test: [String]?
    var maxAge: Duration?
    var isReproducible = false
    /// Where values stand that are inputs, by the input's name.
    var places: [InputGroup: [String: SourceLocation]] = [:]
  }

  struct Generator {
    var location: SourceLocation
    /// As written.
    var output: Located<String>
    var command: [String]
    var inputs: [Located<String>] = []
  }

  var dependencies: [Located<String>] = []
  var images: [ImageSource] = []
  var generators: [Generator] = []
}
