internal import HostSystem
internal import ImageModel

/// Where packages come from: what apt of this machine is configured with, or what a definition names.
struct PackageSources: Sendable, Equatable {
  /// One entry of apt's configuration.
  struct Entry: Sendable, Equatable {
    var uri: String
    var suite: String
    var keyring: String?
  }

  var entries: [Entry] = []

  /// Reads `sources.list`, and what lies in the directory beside it; what cannot be understood is passed over.
  init(files: any FileSystem, directory: FilePath = "/etc/apt") {
    func text(_ path: FilePath) -> String {
      String(decoding: ((try? files.contentsIfPresent(of: path, limit: 1 << 20)) ?? nil) ?? [], as: UTF8.self)
    }
    add(lines: text(directory / "sources.list"))
    let parts = directory / "sources.list.d"
    for name in (try? files.names(of: parts)) ?? [] {
      let shown = name.name.description
      if shown.hasSuffix(".list") { add(lines: text(parts / name.name)) }
      if shown.hasSuffix(".sources") { add(stanzas: text(parts / name.name)) }
    }
  }

  /// `deb [option=value …] URI SUITE COMPONENT…`
  mutating func add(lines: String) {
    for line in lines.split(whereSeparator: \.isNewline) {
      var words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)[...]
      guard words.popFirst() == "deb" else { continue }
      var keyring: String?
      if words.first?.hasPrefix("[") == true {
        while let option = words.popFirst() {
          let bare = option.filter { $0 != "[" && $0 != "]" }
          if bare.lowercased().hasPrefix("signed-by=") { keyring = String(bare.dropFirst("signed-by=".count)) }
          if option.hasSuffix("]") { break }
        }
      }
      guard let uri = words.popFirst(), let suite = words.popFirst() else { continue }
      entries.append(Entry(uri: uri, suite: suite, keyring: keyring))
    }
  }

  /// The newer form: fields with values, stanzas with empty lines between.
  mutating func add(stanzas text: String) {
    var fields: [String: String] = [:]
    var last: String?
    func words(_ name: String) -> [String] {
      fields[name]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
    }
    func end() {
      defer { (fields, last) = ([:], nil) }
      guard words("types").contains("deb"), fields["enabled"]?.lowercased().contains("no") != true else { return }
      // A key that stands here itself has no file.
      let keyring = words("signed-by").first.flatMap { $0.hasPrefix("/") ? $0 : nil }
      for uri in words("uris") {
        for suite in words("suites") { entries.append(Entry(uri: uri, suite: suite, keyring: keyring)) }
      }
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#") { continue }
      if line.allSatisfy(\.isWhitespace) {
        end()
      } else if line.first?.isWhitespace == true, let last {
        fields[last, default: ""] += " " + line
      } else if let colon = line.firstIndex(of: ":") {
        let name = line[..<colon].lowercased()
        fields[name] = String(line[line.index(after: colon)...])
        last = name
      }
    }
    end()
  }

  /// As mmdebstrap takes them. What this machine has for the suite, its updates among it, else the suite at the places that
  /// this machine has its own packages from; nothing where apt says nothing, which leaves it to mmdebstrap.
  func lines(for system: MachineSystem) -> [String] {
    let components = system.components.joined(separator: " ")
    if let mirror = system.mirror { return ["deb \(mirror) \(system.suite) \(components)"] }
    var own = entries.filter { $0.suite == system.suite || $0.suite.hasPrefix(system.suite + "-") }
    if !own.contains(where: { $0.suite == system.suite }) {
      // The first archive of this machine's own distribution: others have no suites, or their own.
      let first = entries.first { entry in entries.contains { $0.suite == entry.suite + "-updates" } }
      own =
        (first ?? entries.first { !$0.suite.contains("/") }).map {
          [Entry(uri: $0.uri, suite: system.suite, keyring: $0.keyring)]
        } ?? []
    }
    return own.map { entry in
      "deb \(entry.keyring.map { "[signed-by=\($0)] " } ?? "")\(entry.uri) \(entry.suite) \(components)"
    }
  }
}
