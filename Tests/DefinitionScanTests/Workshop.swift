import DefinitionScan
import HostSystem
import ImageModel
import TestSupport

/// A repository in memory, and what a scan of it says.
struct Workshop {
  let files = InMemoryFileSystem(root: "/r")
  var settings = Settings(repository: "/r")

  /// Writes files relative to the repository's `share/docker`.
  init(_ contents: [FilePath: String] = [:]) {
    // Most tests are of images alone.
    settings.isConverting = false
    for (path, text) in contents { files.write("/r/share/docker" / path, text) }
  }

  func scan(home: FilePath? = nil, builtin: FilePath? = nil) -> DefinitionTree {
    DefinitionScanner(files: files).scan(
      SearchPath(repository: "/r", home: home, builtin: builtin), settings: settings,
      platform: Platform(os: "linux", architecture: "amd64"))
  }

  /// One image called `a:1`, with more lines in its image source and at the top of the file.
  static func definition(_ lines: String = "", top: String = "", name: String = "a", tags: String = "['1']") -> String {
    let extra = lines.split(separator: "\n").map { "    \($0)\n" }.joined()
    return "\(top)image_sources:\n  - name: \(name)\n    tags: \(tags)\n\(extra)"
  }

  /// The errors and warnings of a definition with a Dockerfile, as `line:column severity: message`.
  static func faults(_ definition: String, files: [FilePath: String] = [:]) -> [String] {
    let workshop = Workshop(["a/casa_distro_docker.yaml": definition, "a/Dockerfile": "FROM ubuntu:24.04\n"])
    for (path, text) in files { workshop.files.write("/r/share/docker/a" / path, text) }
    return workshop.scan().diagnostics.map(Self.short)
  }

  static func short(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { "\($0.line):\($0.column) " } ?? ""
    return "\(place)\(diagnostic.severity.rawValue): \(diagnostic.message)"
  }
}

extension DefinitionTree {
  var ids: [String] { recipes.map(\.id.description) }

  func image(_ id: String) -> ImageRecipe? {
    for case .image(let recipe) in recipes where recipe.id.description == id { return recipe }
    return nil
  }

  func declaration(_ id: String) -> StepDeclaration? { declarations.first { $0.id.description == id } }

  /// What an artifact's Dockerfile uses, in the order of the file.
  func uses(_ id: String) -> [String] { declaration(id)?.uses.map(\.reference.description) ?? [] }
}
