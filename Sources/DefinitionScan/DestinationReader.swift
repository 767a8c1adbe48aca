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
    let known = ["registry", "directory", "kinds", "visibility"]
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
    switch (members["registry"], members["directory"]) {
    case (let node?, nil): return word(node, "'registry'").flatMap { registry($0) }
    case (nil, let node?):
      return word(node, "'directory'").map { .directory(repository.appending(FilePath($0.value)).normalized) }
    case (nil, nil):
      report("\(what) does not say where it is", at: location, help: "add 'registry: HOST' or 'directory: PATH'")
    case (_?, _?): report("\(what) is at two places", at: location, help: "make two destinations of it")
    }
    return nil
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
