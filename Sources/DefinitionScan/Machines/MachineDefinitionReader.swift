internal import ImageModel
internal import YAMLText

/// Reads one `casa_distro_vbox.yaml` strictly: every fault, not the first.
struct MachineDefinitionReader {
  private static let imageKeys = [
    "name", "tags", "visibility", "memory", "cpus", "video_memory", "accelerate_3d", "disk_size", "formats", "max_age",
    "base", "system", "iso", "steps",
  ]

  /// The definition's directory, for paths of secrets.
  let directory: FilePath
  let settings: Settings
  var reader: StrictReader
  /// The artifacts that the image source names that is being read.
  var uses: [Located<ArtifactID>] = []

  /// What can be used of the file, and what is wrong with the rest.
  static func read(
    _ bytes: [UInt8], file: FilePath, directory: FilePath, settings: Settings
  ) -> (definition: MachineDefinition, diagnostics: [Diagnostic]) {
    do {
      let (strict, root) = try StrictReader.open(bytes, file: file)
      var reader = Self(directory: directory, settings: settings, reader: strict)
      let definition = reader.definition(root)
      return (definition, reader.reader.diagnostics)
    } catch {
      return (MachineDefinition(), error.diagnostics)
    }
  }

  private mutating func definition(_ root: YAMLNode) -> MachineDefinition {
    var definition = MachineDefinition()
    guard let members = reader.members(of: root, "a definition", known: ["dependencies", "image_sources"]) else {
      return definition
    }
    if let node = members["dependencies"] { definition.dependencies = reader.dependencies(node) }
    if let node = members["image_sources"] {
      let sources = reader.list(node, "'image_sources'")
      if sources?.isEmpty == true { reader.report("'image_sources' is empty", at: node.location) }
      definition.images = (sources ?? []).compactMap { image($0) }
    } else {
      reader.report("the definition lacks 'image_sources'", at: root.location)
    }
    return definition
  }

  private mutating func image(_ node: YAMLNode) -> MachineDefinition.ImageSource? {
    guard let members = reader.members(of: node, "an image source", known: Self.imageKeys) else { return nil }
    let name = members["name"].flatMap { reader.word($0, "'name'") }
    if members["name"] == nil { reader.report("the image source lacks 'name'", at: node.location) }
    let tags = reader.tags(members["tags"], of: node)
    var image = MachineDefinition.ImageSource(
      location: node.location, name: name ?? Located("", at: node.location), tags: tags)
    if let node = members["visibility"] {
      image.visibility = reader.choice(node, "'visibility'", of: [.public, .private]) ?? .public
    }
    image.hardware = hardware(members)
    if let node = members["formats"] { image.formats = formats(node) }
    image.maxAge = settings.maxAge
    if let node = members["max_age"] { image.maxAge = reader.age(node) }
    uses = []
    image.base = base(members, of: node, hostname: name?.value ?? "")
    image.steps = members["steps"].map { steps($0) } ?? []
    image.uses = uses
    image.places[.recipe] = members.mapValues(\.location)
    return name == nil || tags.isEmpty ? nil : image
  }

  private mutating func hardware(_ members: [String: YAMLNode]) -> MachineHardware {
    var hardware = MachineHardware()
    func take(_ key: String, _ value: Int?, _ field: WritableKeyPath<MachineHardware, Int>) {
      if let value { hardware[keyPath: field] = value }
    }
    take("memory", members["memory"].flatMap { mebibytes($0, "'memory'", in: 64...(1 << 22)) }, \.memory)
    take("cpus", members["cpus"].flatMap { reader.integer($0, "'cpus'", in: 1...256) }, \.cpus)
    // VirtualBox gives no more.
    let video = members["video_memory"].flatMap { mebibytes($0, "'video_memory'", in: 1...256) }
    take("video_memory", video, \.videoMemory)
    let disk = members["disk_size"].flatMap { mebibytes($0, "'disk_size'", in: 256...(1 << 24)) }
    take("disk_size", disk.map { $0 << 20 }, \.diskSize)
    if let node = members["accelerate_3d"] {
      hardware.accelerates3D = reader.boolean(node, "'accelerate_3d'") ?? false
    }
    return hardware
  }

  /// A number of MiB, as casa_distro has it, or a size with its unit.
  private mutating func mebibytes(_ node: YAMLNode, _ what: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = reader.text(node, what) else { return nil }
    var count = node.integer
    if count == nil, let size = ByteCount(text.value), size.count % (1 << 20) == 0 { count = size.count >> 20 }
    if let count, range.contains(count) { return count }
    reader.report(
      "\(what) must be a number of MiB from \(range.lowerBound) to \(range.upperBound), or a size such as 8GiB",
      at: node.location)
    return nil
  }

  private mutating func formats(_ node: YAMLNode) -> [MachineFormat] {
    var formats: [MachineFormat] = []
    let elements = reader.list(node, "'formats'") ?? []
    if node.sequence?.isEmpty == true {
      reader.report("'formats' is empty", at: node.location, help: "write [vdi], [ova] or [vdi, ova]")
    }
    for element in elements {
      guard let format = reader.choice(element, "a format", of: MachineFormat.allCases) else { continue }
      if formats.contains(format) {
        reader.report("the format '\(format.rawValue)' is given twice", at: element.location)
      } else {
        formats.append(format)
      }
    }
    return formats.isEmpty ? MachineFormat.allCases : formats
  }

  /// An artifact of the tree: with or without its kind, with or without the namespace.
  mutating func artifact(_ text: Located<String>, _ kind: ArtifactKind) -> ArtifactID? {
    var word = text.value
    let known = ArtifactKind.allCases.first { word.hasPrefix($0.rawValue + "/") }
    if let known, known == kind { word.removeFirst(known.rawValue.count + 1) }
    let noun = kind == .vbox ? "VM image" : "docker image"
    guard known == nil || known == kind, let reference = try? ImageReference(word), reference.digest == nil,
      reference.registry == nil
    else {
      reader.report(
        "'\(text.value)' is not the name of a \(noun) of the tree", at: text.location,
        help: "write \(kind.rawValue)/NAME:TAG")
      return nil
    }
    var name = reference.repository
    if name.hasPrefix(settings.namespace + "/") { name.removeFirst(settings.namespace.count + 1) }
    let id = ArtifactID(kind: kind, name: name, tag: reference.tag ?? "latest")
    uses.append(Located(id, at: text.location))
    return id
  }
}
