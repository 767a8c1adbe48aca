internal import HostSystem
internal import ImageModel

/// The top level of a definition's directory, its files read at most once.
struct DefinitionDirectory {
  /// A Dockerfile or a template has no business being larger.
  private static let limit = 4 << 20

  let files: any FileSystem
  let path: FilePath
  /// Sorted by the bytes of their names.
  private let entries: [DirectoryName]
  private(set) var diagnostics: [Diagnostic] = []
  private var contents: [FilePath: [UInt8]?] = [:]

  init(files: any FileSystem, path: FilePath) {
    self.files = files
    self.path = path
    // One that cannot be listed any more has lost its definition as well, which is told.
    entries = (try? files.names(of: path)) ?? []
  }

  /// Whether there is a file of that name, or a link, wherever that leads.
  func has(_ name: String) -> Bool { entry(name).map { $0.kind != .directory } ?? false }

  /// The same without links that lead nowhere, which engines take for no file, and a warning about one.
  mutating func hasText(_ name: String) -> Bool {
    guard has(name) else { return false }
    do {
      if try entry(name)?.kind != .symbolicLink
        || files.statusIfPresent(of: path / FilePath(name), followingLinks: true) != nil
      {
        return true
      }
    } catch {
      return true  // whoever reads it tells why that cannot be done
    }
    let warning = Diagnostic(
      .warning, "this link leads nowhere, and counts as no file", at: SourceLocation(file: path / FilePath(name)),
      help: "remove it, or let it lead to a file", rule: .danglingLink)
    // Each image of the definition asks.
    if !diagnostics.contains(warning) { diagnostics.append(warning) }
    return false
  }

  private func entry(_ name: String) -> DirectoryName? {
    let wanted = FilePath(name)
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].name < wanted { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].name == wanted ? entries[low] : nil
  }

  /// The bytes of a file that `has` told of; nil, and a fault, when it cannot be read.
  mutating func read(_ name: String) -> [UInt8]? {
    if let known = contents[FilePath(name)] { return known }
    do {
      let bytes = try files.contents(of: path / FilePath(name), limit: Self.limit)
      contents[FilePath(name)] = bytes
      return bytes
    } catch {
      diagnostics.append(
        Diagnostic(.error, "cannot read this file: \(error.text)", at: SourceLocation(file: path / FilePath(name))))
      contents[FilePath(name)] = .some(nil)
      return nil
    }
  }

  /// The templates by the name of the file that each makes; faults for those whose file exists already.
  mutating func templates() -> [(name: String, template: TemplateFile)] {
    let suffix = Array(".template".utf8)
    var result: [(name: String, template: TemplateFile)] = []
    for entry in entries where entry.name.bytes.count > suffix.count && entry.name.bytes.ends(with: suffix) {
      guard let text = entry.name.text, isFile(entry) else { continue }
      let name = String(text.dropLast(suffix.count))
      if self.entry(name) != nil {
        diagnostics.append(
          Diagnostic(
            .error, "both '\(text)' and '\(name)' exist, and the one would make the other",
            at: SourceLocation(file: path / entry.name), help: "remove one of them"))
      }
      if let bytes = read(text) { result.append((name, TemplateFile(file: path / entry.name, bytes: bytes))) }
    }
    return result
  }

  /// Directories are no templates, nor are links to them; a link that leads nowhere is one, and a fault when it is read.
  private func isFile(_ entry: DirectoryName) -> Bool {
    switch entry.kind {
    case .regular: true
    case .symbolicLink: (try? files.status(of: path / entry.name, followingLinks: true))?.kind != .directory
    default: false
    }
  }

  /// What lies at a path of the context, links followed.
  func kind(at relative: FilePath) -> FileStatus.Kind? {
    (try? files.status(of: path / relative, followingLinks: true))?.kind
  }

  /// Whether anything has that name, even a link that leads nowhere.
  func isTaken(_ relative: FilePath) -> Bool {
    (try? files.status(of: path / relative, followingLinks: false)) != nil
  }
}

extension [UInt8] {
  fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
