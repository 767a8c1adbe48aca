internal import FileTraces
internal import ImageModel

extension ValueWriter {
  mutating func write(_ recipe: ImageRecipe) {
    write(recipe.id)
    write(recipe.definition)
    write(recipe.location)
    write(recipe.reference)
    write(recipe.dockerfile)
    write(recipe.platform.os)
    write(recipe.platform.architecture)
    write(recipe.platform.variant) { $0.write($1) }
    write(recipe.aliases) { $0.write($1) }
    write(recipe.visibility.rawValue)
    write(recipe.ignore.name) { $0.write($1) }
    write(recipe.ignore.patterns) { $0.write($1) }
    write(recipe.ignore.lines) { $0.write($1) }
    write(recipe.renderedFiles) { writer, file in
      writer.write(file.key)
      writer.write(file.value)
    }
    write(recipe.templates) { writer, template in
      writer.write(template.key)
      writer.write(template.value.file)
      writer.write(template.value.text)
      writer.write(template.value.parameters) { writer, parameter in
        writer.write(parameter.key)
        writer.write(parameter.value)
      }
    }
    write(recipe.generated) { writer, file in
      writer.write(file.key)
      writer.write(file.value)
    }
    write(recipe.buildArguments) { writer, argument in
      writer.write(argument.key)
      writer.write(argument.value)
    }
    write(recipe.secrets) { $0.write($1) }
    write(recipe.target) { $0.write($1) }
    write(recipe.singularity) { writer, conversion in
      writer.write(conversion.compression.rawValue)
      writer.write(conversion.level) { $0.write($1) }
    }
    write(recipe.test) { writer, command in writer.write(command) { $0.write($1) } }
    write(recipe.maxAge) { writer, age in
      writer.write(Int(age.components.seconds))
      writer.write(Int(age.components.attoseconds))
    }
    write(recipe.isReproducible)
    write(recipe.places) { writer, group in
      writer.write(group.key.rawValue)
      writer.write(group.value)
    }
  }

  private mutating func write(_ secret: BuildSecret) {
    write(secret.id)
    switch secret.source {
    case .environment(let variable):
      write(true)
      write(variable)
    case .file(let path):
      write(false)
      write(path)
    }
  }
}

extension ValueReader {
  mutating func imageRecipe() throws(Damage) -> ImageRecipe {
    var recipe = ImageRecipe(
      id: try artifact(), definition: try definitionSource(), location: try location(), reference: try reference(),
      dockerfile: try dockerfile(),
      platform: Platform(
        os: try text(), architecture: try text(),
        variant: try optional { reader throws(Damage) in try reader.text() }))
    recipe.aliases = try list { reader throws(Damage) in try reader.reference() }
    recipe.visibility = try choice()
    recipe.ignore = IgnoreFile(
      name: try optional { reader throws(Damage) in try reader.text() }, patterns: try texts(),
      lines: try list { reader throws(Damage) in try reader.number() })
    recipe.renderedFiles = try table { reader throws(Damage) in (try reader.path(), try reader.block()) }
    recipe.templates = try table { reader throws(Damage) in
      let (name, file, text) = (try reader.path(), try reader.path(), try reader.block())
      let parameters = try reader.table { reader throws(Damage) in (try reader.text(), try reader.locatedText()) }
      return (name, TemplateSource(file: file, text: text, parameters: parameters))
    }
    recipe.generated = try table { reader throws(Damage) in (try reader.path(), try reader.artifact()) }
    recipe.buildArguments = try table { reader throws(Damage) in (try reader.text(), try reader.text()) }
    recipe.secrets = try list { reader throws(Damage) in
      BuildSecret(
        id: try reader.text(), source: try reader.flag() ? .environment(try reader.text()) : .file(try reader.path()))
    }
    recipe.target = try optional { reader throws(Damage) in try reader.text() }
    recipe.singularity = try optional { reader throws(Damage) in
      Singularity(
        compression: try reader.choice(), level: try reader.optional { reader throws(Damage) in try reader.number() })
    }
    recipe.test = try optional { reader throws(Damage) in try reader.texts() }
    recipe.maxAge = try optional { reader throws(Damage) in
      Duration(
        secondsComponent: Int64(try reader.number()), attosecondsComponent: Int64(try reader.number()))
    }
    recipe.isReproducible = try flag()
    recipe.places = try table { reader throws(Damage) in (try reader.choice(), try reader.places()) }
    return recipe
  }
}
