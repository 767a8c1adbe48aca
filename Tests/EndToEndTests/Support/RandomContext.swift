import HostSystem
import ImageModel
import TestSupport

/// A context with everything that file systems allow, and random edits of it.
struct RandomContext {
  let directory: FilePath
  private let files = PosixFileSystem()
  var random: SeededGenerator

  init(_ directory: FilePath, seed: Int) throws {
    self.directory = directory
    random = SeededGenerator(seed: seed)
    try files.createDirectory(directory)
    for _ in 0..<24 { try add() }
  }

  static let names: [FilePath] = [
    "a", "A", "b", "B", "c.txt", "d.txt", "E.TXT", "f.o", ".h", "-n", "s p", "ü", "u\u{308}", "*", "?x", "[a]", "q\\*",
    "x.tmpl", "#c", "!e", "~", "lib", "src", FilePath(bytes: [0x78, 0xFF]), FilePath(bytes: [0xC3, 0x28]),
  ]

  struct Place {
    /// Relative to the context.
    var path: FilePath
    var status: FileStatus
  }

  /// All that is there, parents before what is in them; the Dockerfile and ignore files excepted.
  func places() throws -> [Place] {
    var found: [Place] = []
    func walk(_ path: FilePath) throws {
      for entry in try files.entries(of: path.isEmpty ? directory : directory / path) {
        let child = path.isEmpty ? entry.name : path / entry.name
        if path.isEmpty, Self.reserved.contains(entry.name) { continue }
        found.append(Place(path: child, status: entry.status))
        if entry.status.kind == .directory { try walk(child) }
      }
    }
    try walk("")
    return found
  }

  static let reserved: Set<FilePath> = ["Dockerfile", ".dockerignore", "Dockerfile.dockerignore"]

  // MARK: - Making

  private mutating func parent() throws -> FilePath {
    let directories = try places().filter { $0.status.kind == .directory && $0.path.components.count < 3 }
    guard !random.once(in: 3), let place = directories.randomElement(using: &random) else { return "" }
    return place.path
  }

  /// A path at which nothing lies.
  private mutating func free() throws -> FilePath {
    while true {
      let parent = try parent()
      guard let name = Self.names.randomElement(using: &random) else { continue }
      let path = parent.isEmpty ? name : parent / name
      if try files.statusIfPresent(of: directory / path) == nil { return path }
      if random.once(in: 8) { return FilePath("n\(random.next() % 1_000)") }
    }
  }

  mutating func add() throws { try make(at: try free()) }

  private mutating func make(at path: FilePath) throws {
    let place = directory / path
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<6: try files.replace(place, with: Array("\(random.next() % 1_000)\n".utf8), mode: fileMode())
    case 6, 7, 8:
      try files.createDirectory(place)
      if random.once(in: 3) { try files.setMode(directoryMode(), of: place) }
    case 9, 10: try files.createLink(place, to: target(from: path))
    default:
      let regular = try places().filter { $0.status.kind == .regular }
      guard let other = regular.randomElement(using: &random) else { return }
      try files.hardLink(place, to: directory / other.path)
    }
  }

  private mutating func fileMode() -> UInt16 { [0o644, 0o644, 0o755, 0o600, 0o4755, 0o2711, 0o1644, 0].pick(&random) }
  private mutating func directoryMode() -> UInt16 { [0o755, 0o700, 0o1777, 0o2775, 0o555, 0].pick(&random) }

  /// To a neighbour, to anything, to nothing, absolute, out of the context, in a circle.
  private mutating func target(from path: FilePath) throws -> FilePath {
    let all = try places().map(\.path)
    guard let other = all.randomElement(using: &random) else { return "nowhere" }
    let up = FilePath(String(repeating: "../", count: path.components.count - 1))
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return "nowhere"
    case 1: return path.name
    case 2: return "." / other.name
    case 3: return FilePath(bytes: Array("/".utf8) + other.bytes)
    default: return up.isEmpty ? other : FilePath(bytes: up.bytes + other.bytes)
    }
  }

  // MARK: - Editing

  /// Makes one change, and says which.
  mutating func edit() throws -> String {
    let all = try places()
    guard let place = all.randomElement(using: &random) else {
      try add()
      return "add"
    }
    let path = directory / place.path
    let shown = "'\(place.path)'"
    switch (Int.random(in: 0..<16, using: &random), place.status.kind) {
    case (0, _), (1, _):
      let before = Set(all.map(\.path))
      try add()
      return "add "
        + (try places().map(\.path).filter { !before.contains($0) }.map { "'\($0)'" }.joined(separator: " "))
    case (2, _):
      try files.removeTree(path)
      return "remove \(shown)"
    case (3, _), (4, _):
      let new = try free()
      if new.isBelow(place.path) { return "nothing" }
      try files.rename(path, to: directory / new)
      return "rename \(shown) to '\(new)'"
    case (5, _):
      let name = place.path.name.description
      let other = name == name.lowercased() ? name.uppercased() : name.lowercased()
      let new = place.path.components.count == 1 ? FilePath(other) : place.path.parent / FilePath(other)
      if try files.statusIfPresent(of: directory / new) != nil || place.path.text == nil { return "nothing" }
      try files.rename(path, to: directory / new)
      return "change case of \(shown)"
    case (6, _):
      try files.setModified(Int.random(in: 0..<2_000_000_000, using: &random) * 1_000_000_000, of: path)
      return "touch \(shown)"
    case (7, _):
      try files.removeTree(path)
      try make(at: place.path)
      return "replace \(shown)"
    case (8, _):
      return try editIgnoreFile()
    case (_, .regular) where random.once(in: 2):
      try files.setMode(fileMode(), of: path)
      return "chmod \(shown)"
    case (_, .regular):
      let text = try files.contents(of: path, limit: 1 << 20)
      try files.replace(path, with: text + Array("more\n".utf8), mode: place.status.mode)
      return "change \(shown)"
    case (_, .symbolicLink):
      let target = try target(from: place.path)
      try files.remove(path)
      try files.createLink(path, to: target)
      return "retarget \(shown) to '\(target)'"
    case (_, .directory) where random.once(in: 2):
      try files.createDirectory(path / "empty")
      return "add an empty directory to \(shown)"
    default:
      try files.setMode(directoryMode(), of: path)
      return "chmod \(shown)"
    }
  }

  private mutating func editIgnoreFile() throws -> String {
    let place = directory / ".dockerignore"
    guard random.once(in: 3), try files.statusIfPresent(of: place) != nil else {
      try writeIgnoreFile()
      return "edit .dockerignore"
    }
    try files.remove(place)
    return "remove .dockerignore"
  }

  mutating func writeIgnoreFile() throws {
    let all = try places().compactMap(\.path.text)
    var lines = ["# a comment", ""]
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let name = (all.randomElement(using: &random) ?? "a").map { "*?[\\!#".contains($0) ? "?" : String($0) }.joined()
      let pattern = [name, name, "/" + name, "**/*.txt", "*.o", "**/a", "src/*", "?", name + "/*"].pick(&random)
      lines.append([pattern, pattern, "!" + pattern].pick(&random))
    }
    try files.replace(
      directory / ".dockerignore", with: Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o644)
  }
}

extension Array {
  func pick(_ random: inout SeededGenerator) -> Element { self[Int.random(in: 0..<count, using: &random)] }
}
