/// What dpkg knows of the packages of a system: its file `status`, stanza by stanza.
struct PackageDatabase: Sendable, Equatable {
  struct Name: Hashable, Sendable {
    var package: String
    var architecture: String
  }

  private struct Stanza: Sendable, Equatable {
    var name: Name
    var text: String
    var isInstalled: Bool
  }

  private var stanzas: [Stanza]

  init(_ status: String) {
    var (stanzas, lines): ([Stanza], [Substring]) = ([], [])
    func end() {
      defer { lines = [] }
      func field(_ name: String) -> String? {
        lines.first { $0.hasPrefix(name + ":") }
          .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
      }
      guard let package = field("Package") else { return }
      // Packages for every processor take the place of one for this.
      let architecture = field("Architecture").map { $0 == "all" ? "amd64" : $0 } ?? ""
      stanzas.append(
        Stanza(
          name: Name(package: package, architecture: architecture), text: lines.joined(separator: "\n"),
          isInstalled: field("Status")?.hasSuffix(" installed") ?? false))
    }
    for line in status.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { end() } else { lines.append(line) }
    }
    end()
    self.stanzas = stanzas
  }

  /// Installed packages.
  var names: Set<Name> { Set(stanzas.filter(\.isInstalled).map(\.name)) }

  /// The database of a system over whose files those of another one were laid: what came counts where both have a package,
  /// since its files are the ones that lie there now.
  func laidOver(by other: PackageDatabase) -> PackageDatabase {
    let coming = Dictionary(other.stanzas.filter(\.isInstalled).map { ($0.name, $0) }) { first, _ in first }
    var result = self
    result.stanzas = stanzas.map { coming[$0.name] ?? $0 }
    let known = Set(stanzas.map(\.name))
    result.stanzas += other.stanzas.filter { $0.isInstalled && !known.contains($0.name) }
    return result
  }

  var status: String { stanzas.map { $0.text + "\n\n" }.joined() }
}
