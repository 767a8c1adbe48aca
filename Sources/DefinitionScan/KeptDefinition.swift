internal import FileTraces
internal import ImageModel

extension LoadedDefinition {
  /// As it is kept from run to run.
  var encoded: [UInt8] {
    var writer = ValueWriter()
    // The images of a definition share its text.
    writer.write(images.first?.definition ?? [])
    writer.write(images) { $0.write($1) }
    writer.write(generators) { $0.write($1) }
    writer.write(diagnostics) { $0.write($1) }
    return writer.bytes
  }

  /// Nil when the bytes are no such value.
  init?(encoded bytes: UnsafeRawBufferPointer) {
    var reader = ValueReader(bytes)
    do {
      let text = try reader.block()
      images = try reader.list { reader throws(ValueReader.Damage) in try reader.image(definition: text) }
      generators = try reader.list { reader throws(ValueReader.Damage) in try reader.generator() }
      diagnostics = try reader.list { reader throws(ValueReader.Damage) in try reader.diagnostic() }
    } catch {
      return nil
    }
    guard reader.isAtEnd else { return nil }
  }
}

extension ValueWriter {
  fileprivate mutating func write(_ image: LoadedImage) {
    write(image.recipe)
    write(image.aliases) { writer, alias in
      writer.write(alias.value)
      writer.write(alias.location)
    }
    write(image.dependencies) { $0.write($1) }
    write(image.outputs.always) { $0.write($1) }
    write(image.outputs.byTriggers) { $0.write($1) }
    for places in [image.entry.buildArguments, image.entry.usedParameters, image.entry.unusedParameters] {
      write(places)
    }
  }

  fileprivate mutating func write(_ recipe: GeneratorRecipe) {
    write(recipe.id)
    write(recipe.definition)
    write(recipe.location)
    write(recipe.output)
    write(recipe.command) { $0.write($1) }
    write(recipe.inputs) { $0.write($1) }
  }
}

extension ValueReader {
  fileprivate mutating func image(definition: [UInt8]) throws(Damage) -> LoadedImage {
    let recipe = try imageRecipe()
    let aliases = try list { reader throws(Damage) in Located(try reader.reference(), at: try reader.location()) }
    let dependencies = try list { reader throws(Damage) in try reader.locatedText() }
    let outputs = ReachedOutputs(
      always: try list { reader throws(Damage) in try reader.artifact() },
      byTriggers: try list { reader throws(Damage) in try reader.artifact() })
    let entry = ImageEntry(
      buildArguments: try places(), usedParameters: try places(), unusedParameters: try places())
    return LoadedImage(
      recipe: recipe, aliases: aliases, dependencies: dependencies, outputs: outputs, entry: entry,
      definition: definition)
  }

  fileprivate mutating func generator() throws(Damage) -> GeneratorRecipe {
    GeneratorRecipe(
      id: try artifact(), definition: try definitionSource(), location: try location(), output: try text(),
      command: try texts(), inputs: try list { reader throws(Damage) in try reader.locatedText() })
  }
}
