import BuildRecords
import DefinitionLint
import DefinitionScan
import DependencyGraph
import HostSystem
import ImageModel
import TestSupport

/// A repository in memory, and what the rules say of it.
struct Judgement {
  let files = InMemoryFileSystem(root: "/r")
  var pins: Set<String> = []
  var limit = ByteCount(1000)
  var ignored: Set<LintRule> = []
  var chosen: Set<LintRule> = []
  var builtin: FilePath?

  /// Writes files relative to the repository's `share/docker`.
  init(_ contents: [FilePath: String] = [:]) {
    for (path, text) in contents { files.write("/r/share/docker" / path, text) }
  }

  /// One image `a:1` with a definition's further lines.
  init(dockerfile: String, source: String = "", top: String = "", _ contents: [FilePath: String] = [:]) {
    self.init(contents)
    files.write("/r/share/docker/a/1/Dockerfile", dockerfile)
    files.write(
      "/r/share/docker/a/1/casa_distro_docker.yaml",
      "image_sources:\n  - name: a\n    tags: ['1']\n"
        + source.split(separator: "\n").map { "    \($0)\n" }.joined() + top)
  }

  func findings(_ names: [String]? = nil) throws -> [Diagnostic] {
    let platform = Platform(os: "linux", architecture: "amd64")
    var settings = Settings(repository: "/r")
    settings.isConverting = false
    let tree = DefinitionScanner(files: files).scan(
      SearchPath(repository: "/r", home: nil, builtin: builtin), settings: settings,
      platform: platform)
    let (graph, faults) = GraphBuilder.build(tree.declarations)
    let recipes = TreeBases.applied(to: tree.recipes, in: graph, read: BaseReading.recipe)
    let surveyor = ContextSurveyor(files: files)
    let images = try recipes.keys.sorted().compactMap { id -> LintedImage? in
      guard case .image(let recipe)? = recipes[id], let node = graph[id] else { return nil }
      guard names.map({ $0.contains(id.name) }) ?? true else { return nil }
      return LintedImage(recipe: recipe, node: node, context: try surveyor.survey(recipe))
    }
    let known = Set(try pins.map { Lockfile.BaseKey(reference: try ImageReference($0).canonical, platform: platform) })
    let linted = LintedTree(definitions: tree, graph: graph, images: images, pins: known, contextLimit: limit)
    return Linter(only: chosen, ignoring: ignored) { [files] in try? files.contents(of: $0, limit: 1 << 20) }
      .findings(in: linted, reported: tree.diagnostics + faults)
  }

  /// `PATH:LINE severity rule`, the path relative to `share/docker`.
  func short() throws -> [String] {
    try findings().map { finding in
      var place = finding.location ?? SourceLocation(file: "nowhere")
      place.file = place.file.relative(to: "/r/share/docker") ?? place.file
      place.column = 0
      return "\(place) \(finding.severity.rawValue) \(finding.rule?.rawValue ?? "-")"
    }
  }
}
