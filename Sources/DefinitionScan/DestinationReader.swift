internal import ImageModel
internal import YAMLText

extension StrictReader {
  /// `destinations:`, a mapping from names that people choose; sorted by name.
  mutating func destinations(_ node: YAMLNode, _ repository: FilePath) -> [DestinationDefinition] {
    guard let entries = node.mapping else {
      report("'destinations' must be a mapping, this is \(node.summary)", at: node.location)
      return []
    }
    return entries.compactMap { key, value in
      word(key, "the name of a destination").flatMap { destination($0, value, repository) }
    }.sorted { $0.name < $1.name }
  }

  private mutating func destination(
    _ name: Located<String>, _ node: YAMLNode, _ repository: FilePath
  ) -> DestinationDefinition? {
    let isName = name.value.utf8.allSatisfy { byte in
      48...57 ~= byte || 97...122 ~= byte | 0x20 || "-_.".utf8.contains(byte)
    }
    if !isName {
      report("'\(name.value)' is no name of a destination", at: name.location, help: "use letters, digits, - _ .")
    }
    let what = "'\(name.value)' of 'destinations'"
    let known = ["registry", "directory", "rsync", "port", "ssh", "kinds", "visibility"]
    guard let members = members(of: node, what, known: known) else { return nil }
    guard let place = place(members, what, at: name.location, repository) else { return nil }
    let possible = DestinationDefinition.kinds(at: place)
    var kinds = possible
    if let node = members["kinds"] {
      kinds = list(node, "'kinds' of \(name.value)")?.compactMap { choice($0, "a kind", of: possible) } ?? []
    }
    let all: [ImageRecipe.Visibility] = [.public, .private]
    var visibilities = all
    if let node = members["visibility"] {
      visibilities = choice(node, "'visibility' of \(name.value)", of: all).map { [$0] } ?? all
    }
    return DestinationDefinition(
      name: name.value, place: place, kinds: Set(kinds), visibilities: Set(visibilities), location: name.location)
  }

  private mutating func place(
    _ members: [String: YAMLNode], _ what: String, at location: SourceLocation, _ repository: FilePath
  ) -> DestinationDefinition.Place? {
    let places = ["registry", "directory", "rsync"].compactMap { key in members[key].map { (key, $0) } }
    guard let (key, node) = places.first else {
      report(
        "\(what) does not say where it is", at: location,
        help: "add 'registry: HOST', 'directory: PATH' or 'rsync: USER@HOST:PATH'")
      return nil
    }
    guard places.count == 1 else {
      report("\(what) is at two places", at: location, help: "make two destinations of it")
      return nil
    }
    if key != "rsync", let other = members["port"] ?? members["ssh"] {
      report("'port' and 'ssh' are for destinations with 'rsync'", at: other.location)
    }
    switch key {
    case "registry": return word(node, "'registry'").flatMap { registry($0) }
    case "directory":
      return word(node, "'directory'").map { .directory(repository.appending(FilePath($0.value)).normalized) }
    default: return word(node, "'rsync'").flatMap { remote($0, members) }
    }
  }

  private mutating func remote(
    _ text: Located<String>, _ members: [String: YAMLNode]
  ) -> DestinationDefinition.Place? {
    var options = SSHOptions()
    if let node = members["port"] { options.port = integer(node, "'port'", in: 1...65535) }
    if let node = members["ssh"] { options.words = texts(node, "'ssh'")?.map(\.value) ?? [] }
    if text.value == "casa_distro" { return .remote(nil, options) }
    guard let place = RemotePlace(text.value) else {
      report(
        "'\(text.value)' is no place of another machine", at: text.location,
        help: "write USER@HOST:PATH, or casa_distro for where that publishes")
      return nil
    }
    return .remote(place, options)
  }

  private mutating func registry(_ text: Located<String>) -> DestinationDefinition.Place? {
    let slash = text.value.firstIndex(of: "/") ?? text.value.endIndex
    let (host, path) = (text.value[..<slash], text.value[slash...].dropFirst())
    // With a name behind it, since a reference without one would be read as a name.
    let reference = try? ImageReference("\(text.value)/x")
    guard let reference, reference.registry == String(host), reference.tag == nil, reference.digest == nil else {
      report(
        "'\(text.value)' is no registry", at: text.location,
        help: "write the host, with a port if it has one, and the path of the images: docker.io/team")
      return nil
    }
    return .registry(host: String(host), path: path.isEmpty ? nil : String(path))
  }
}
