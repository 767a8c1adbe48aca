internal import FileTraces
internal import ImageModel

extension ValueWriter {
  mutating func write(_ facts: DockerfileFacts) {
    write(facts.file)
    write(facts.text)
    write(facts.instructions) { writer, instruction in
      writer.write(instruction.canonical)
      writer.write(instruction.location)
      writer.write(instruction.counted) { $0.write($1) }
    }
    write(facts.uses) { writer, use in
      writer.write(use.reference)
      writer.write(use.role.rawValue)
      writer.write(use.location)
      writer.write(use.range.lowerBound)
      writer.write(use.range.count)
    }
    switch facts.reach {
    case .whole(let reason):
      write(true)
      write(reason)
    case .selected(let selectors):
      write(false)
      write(selectors)
    }
    write(facts.sources) { writer, source in
      writer.write(source.instruction)
      writer.write(source.text)
      switch source.place {
      case .context(let selectors):
        writer.write(true)
        writer.write(selectors)
      case .network(let isPinned):
        writer.write(false)
        writer.write(isPinned)
      }
      writer.write(source.location)
    }
    write(facts.triggers) { writer, triggers in writer.write(triggers) { $0.write($1) } }
    write(facts.stages) { writer, stage in
      writer.write(stage.name) { $0.write($1) }
      writer.write(stage.location)
      writer.write(stage.isNeeded)
    }
    write(facts.arguments) { $0.write($1) }
    write(facts.askedVariables) { writer, asked in
      writer.write(asked.key)
      writer.write(asked.value) { $0.write($1) }
    }
    write(facts.environment)
    write(facts.takenArguments) { writer, taken in writer.write(taken) { $0.write($1) } }
    write(facts.countsTarget)
    write(facts.features) { $0.write($1) }
    write(facts.diagnostics) { $0.write($1) }
  }

  private mutating func write(_ selectors: [ContextSelector]) {
    write(selectors) { writer, selector in
      writer.write(selector.pattern)
      writer.write(selector.isPattern)
      writer.write(selector.excludes) { $0.write($1) }
      writer.write(selector.isContentsOnly)
      writer.write(selector.keepsParents)
    }
  }

  private mutating func write(_ environment: ImageEnvironment) {
    switch environment.root {
    case .scratch: write(0)
    case .image(let reference):
      write(1)
      write(reference)
    case .unknown: write(2)
    }
    write(environment.variables) { writer, variable in
      writer.write(variable.key)
      writer.write(variable.value.value) { $0.write($1) }
      writer.write(variable.value.presumedUnset) { $0.write($1) }
    }
    write(environment.answers) { writer, answer in
      writer.write(answer.key)
      writer.write(answer.value) { $0.write($1) }
    }
  }
}

extension ValueReader {
  mutating func dockerfile() throws(Damage) -> DockerfileFacts {
    let (file, text) = (try path(), try block())
    let instructions = try list { reader throws(Damage) in
      var instruction = DockerfileInstruction(canonical: try reader.text(), location: try reader.location())
      instruction.counted = try reader.optional { reader throws(Damage) in try reader.text() }
      return instruction
    }
    let uses = try list { reader throws(Damage) in try reader.use() }
    let reach: ContextReach = try flag() ? .whole(reason: try self.text()) : .selected(try selectors())
    var facts = DockerfileFacts(file: file, text: text, instructions: instructions, uses: uses, reach: reach)
    facts.sources = try list { reader throws(Damage) in
      DockerfileSource(
        instruction: try reader.text(), text: try reader.text(),
        place: try reader.flag()
          ? .context(try reader.selectors()) : .network(isPinned: try reader.flag()),
        location: try reader.location())
    }
    facts.triggers = try optional { reader throws(Damage) in try reader.texts() }
    facts.stages = try list { reader throws(Damage) in
      DockerfileStage(
        name: try reader.optional { reader throws(Damage) in try reader.text() }, location: try reader.location(),
        isNeeded: try reader.flag())
    }
    facts.arguments = Set(try texts())
    facts.askedVariables = try table { reader throws(Damage) in (try reader.text(), Set(try reader.texts())) }
    facts.environment = try environment()
    facts.takenArguments = try optional { reader throws(Damage) in Set(try reader.texts()) }
    facts.countsTarget = try flag()
    facts.features = Set(try texts())
    facts.diagnostics = try list { reader throws(Damage) in try reader.diagnostic() }
    return facts
  }

  private mutating func use() throws(Damage) -> ImageUse {
    let (reference, role, location) = (try reference(), try choice() as ImageUse.Role, try location())
    let (start, count) = (try number(), try number())
    guard start >= 0, count >= 0, start <= Int(Int32.max), count <= Int(Int32.max) else { throw Damage() }
    return ImageUse(reference: reference, role: role, location: location, range: start..<(start + count))
  }

  private mutating func selectors() throws(Damage) -> [ContextSelector] {
    try list { reader throws(Damage) in
      ContextSelector(
        pattern: try reader.text(), isPattern: try reader.flag(), excludes: try reader.texts(),
        isContentsOnly: try reader.flag(), keepsParents: try reader.flag())
    }
  }

  private mutating func environment() throws(Damage) -> ImageEnvironment {
    let root: ImageEnvironment.Root
    switch try number() {
    case 0: root = .scratch
    case 1: root = .image(try text())
    case 2: root = .unknown
    default: throw Damage()
    }
    var environment = ImageEnvironment(root: root)
    environment.variables = try table { reader throws(Damage) in
      let (name, value) = (try reader.text(), try reader.optional { reader throws(Damage) in try reader.text() })
      return (name, ImageEnvironment.Variable(value: value, presumedUnset: Set(try reader.texts())))
    }
    environment.answers = try table { reader throws(Damage) in
      (try reader.text(), try reader.optional { reader throws(Damage) in try reader.text() })
    }
    return environment
  }
}
