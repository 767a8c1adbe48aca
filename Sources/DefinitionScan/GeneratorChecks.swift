internal import HostSystem
internal import ImageModel
internal import YAMLText

/// Checks the generators of a definition against each other and against its files.
struct GeneratorChecks {
  let definition: DefinitionSource
  let directory: DefinitionDirectory
  /// Names of files that templates make.
  let templates: [String]

  func recipes(
    of generators: [DefinitionFile.Generator], _ reader: inout StrictReader
  ) -> [GeneratorRecipe] {
    var recipes: [GeneratorRecipe] = []
    for generator in generators {
      guard let output = output(of: generator, recipes, &reader) else { continue }
      recipes.append(
        GeneratorRecipe(
          id: ArtifactID(kind: .generate, name: definition.path, tag: output), definition: definition,
          location: generator.location, output: output, command: generator.command,
          inputs: inputs(of: generator, &reader)))
    }
    return recipes
  }

  private func output(
    of generator: DefinitionFile.Generator, _ earlier: [GeneratorRecipe], _ reader: inout StrictReader
  ) -> String? {
    let location = generator.output.location
    guard let path = inside(generator.output, "output", &reader), let output = path.text else { return nil }
    if output.contains(":") {
      // The id of the step ends with it, after a colon.
      reader.report("the output '\(output)' has a ':' in its name", at: location)
      return nil
    }
    if [DefinitionFile.name, "Dockerfile", ".dockerignore", "Dockerfile.dockerignore"].contains(output) {
      reader.report("'\(output)' cannot be generated", at: location, help: "it decides what is built")
      return nil
    }
    for other in earlier {
      let otherPath = FilePath(other.output)
      if otherPath.isBelow(path) || path.isBelow(otherPath) {
        reader.report(
          "the output '\(output)' clashes with '\(other.output)' of the generator in line \(other.location.line)",
          at: location)
        return nil
      }
    }
    if templates.contains(output) || directory.isTaken(path) {
      reader.report("the output '\(output)' exists among the definition's files", at: location, help: "remove the file")
      return nil
    }
    // A file above it would have to be a directory.
    var parent = path.parent
    while !parent.isEmpty {
      if let kind = directory.kind(at: parent), kind != .directory {
        reader.report("the output '\(output)' lies below '\(parent)', which is a file", at: location)
        return nil
      }
      parent = parent.parent
    }
    return output
  }

  private func inputs(of generator: DefinitionFile.Generator, _ reader: inout StrictReader) -> [Located<String>] {
    var seen = Set<FilePath>()
    var inputs: [Located<String>] = []
    for input in generator.inputs {
      guard let path = inside(input, "input", &reader), let text = path.text, seen.insert(path).inserted else {
        continue
      }
      switch directory.kind(at: path) {
      case .regular, .directory: inputs.append(Located(text, at: input.location))
      case nil: reader.report("the input '\(text)' does not exist", at: input.location)
      default: reader.report("the input '\(text)' is neither a file nor a directory", at: input.location)
      }
    }
    return inputs
  }

  /// The normalised path, when it lies in the definition's directory.
  private func inside(_ path: Located<String>, _ what: String, _ reader: inout StrictReader) -> FilePath? {
    let written = FilePath(path.value)
    let normalized = written.normalized
    if written.isEmpty || written.isAbsolute || normalized == "." || normalized.components.first == Array("..".utf8) {
      reader.report(
        "the \(what) '\(path.value)' must be a path inside of the definition's directory", at: path.location)
      return nil
    }
    return normalized
  }
}
