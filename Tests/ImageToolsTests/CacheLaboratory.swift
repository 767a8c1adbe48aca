import BuildEngine
import BuildRecords
import ContentStore
import DockerfileText
import HostSystem
import ImageModel
import TestSupport

@testable import ImageTools

/// Builds a scene, changes it, and builds it with and without the layer cache.
final class CacheLaboratory: Sendable {
  enum Kind: String, Sendable, CaseIterable, CustomStringConvertible {
    case buildah, podman, buildKit, legacy
    var description: String { rawValue }
  }

  struct Trial: Sendable {
    /// Whether the cache gave something else than a build without it.
    var differs: Bool
    var paths: [String]
    /// What `CacheDoubts` says of the changed build.
    var doubt: String?
  }

  static let isSoaking = HostEnvironment.variable("COPPICE_SOAK") != nil
  /// The client that brings BuildKit itself also knows the legacy builder.
  static let client = "/usr/bin/docker"
  static var hasDocker: Bool {
    Installed.dockerHost != nil && Installed.compiler != nil && Installed.dockers.contains("/usr/bin")
  }

  static let shared = Task { try await CacheLaboratory() }

  private let lab: RealEngine
  private let numbers = Locked(0)
  private let token = UInt32.random(in: 0 ... .max)
  private let server: FileServer?

  private init() async throws {
    lab = try await RealEngine(docker: "/usr/bin", driver: "overlay")
    server = try await FileServer.start(in: lab.directory)
  }

  func trial(_ before: CacheScene, then after: CacheScene, with kind: Kind) async throws -> Trial {
    let number = numbers.withLock { number -> Int in
      number += 1
      return number
    }
    let engine = try await engine(kind)
    _ = try await build(before, engine, number, mayUseCache: true)
    let (cached, doubt) = try await build(after, engine, number, mayUseCache: true)
    let (fresh, _) = try await build(after, engine, number, mayUseCache: false)
    return Trial(
      differs: cached.content != fresh.content,
      paths: try lab.store.differences(between: cached.digest, and: fresh.digest).map(\.path), doubt: doubt)
  }

  private func engine(_ kind: Kind) async throws -> any ContainerEngine {
    guard kind == .buildKit || kind == .legacy else { return try await lab.finder(kind.rawValue).engine() }
    let tool = EngineTool(
      program: Self.client, environment: lab.environment, processes: lab.processes, files: lab.files)
    return DockerEngine(
      tool, version: try await tool.output(["version", "--format", "{{.Server.Version}}"]),
      builder: kind == .legacy ? .legacy : .buildKit, context: "default", hasContainerdStore: false)
  }

  private func build(
    _ scene: CacheScene, _ engine: any ContainerEngine, _ number: Int, mayUseCache: Bool
  ) async throws -> (output: ArtifactOutput, doubt: String?) {
    var names: [String: String] = [:]
    var triggers: [String: [String]] = [:]
    if let (dockerfile, data) = scene.upstream {
      let scene = CacheScene(dockerfile, files: ["d": data])
      let image = try await image(of: scene, [:], [:], engine, number, "\(number)-up", mayUseCache: true).image
      let reference = try ImageReference("example.invalid/up:1").canonical
      names[reference] = try await engine.exactName(of: image, digest: try image.configDigest())
      triggers[reference] = try await engine.onBuild(of: image)
    }
    let (image, recipe, files) = try await image(
      of: scene, names, triggers, engine, number, "\(number)", mayUseCache: mayUseCache)
    let stored = Locked<StoredImage?>(nil)
    try await engine.save(image) { [store = lab.store] reader in
      let image = try store.importArchive(reader)
      stored.withLock { $0 = image }
    }
    guard let output = stored.withLock({ $0 })?.output else { throw Failure("no image") }
    return (output, engine.cacheDoubt(for: recipe, triggers: triggers, files: files))
  }

  private func image(
    of scene: CacheScene, _ names: [String: String], _ triggers: [String: [String]], _ engine: any ContainerEngine,
    _ number: Int, _ name: String,
    mayUseCache: Bool
  ) async throws -> (image: EngineImage, recipe: ImageRecipe, files: [StagedFile]) {
    let recipe = BaseReading.recipe(
      try define(scene, number, name),
      with: triggers.mapValues { BaseConfig(triggers: $0, environment: ImageEnvironment(root: .unknown)) })
    let job = try lab.job(recipe)
    return try await lab.directories.withNewDirectory(.build, lab.files) { [lab] directory in
      var request = BuildRequest(directory: directory)
      request.context = ContextName.of(job)
      request.target = scene.target
      request.arguments = scene.arguments
      request.mayUseCache = mayUseCache
      let stage = ContextStage(files: lab.files) { lab.store.path(ofBlob: $0) }
      try stage.fill(directory / request.context, with: job.files, recipe: recipe, generated: [:])
      try lab.files.replace(directory / request.ignoreFile, with: Array("# nothing\n".utf8), mode: 0o600)
      let dockerfile = ExactDockerfile(recipe.dockerfile, names: names, sourceDateEpoch: nil)
      try lab.files.replace(directory / request.dockerfile, with: dockerfile.text, mode: 0o600)
      return (try await engine.build(request) { _ in }, recipe, job.files)
    }
  }

  private func define(_ scene: CacheScene, _ number: Int, _ name: String) throws -> ImageRecipe {
    var text = scene.dockerfile.replacing("UP", with: "example.invalid/up:1")
    if let server, text.contains("URL") {
      try server.offer("\(number)", scene.download)
      text = text.replacing("URL", with: "\(server.address)/\(number)")
    }
    // What another row, or another run, left in the cache must not show here.
    let row = "\(token)-\(number)"
    text = text.replacing("COPY sh /bin/sh\n", with: "COPY sh /bin/sh\nENV ROW=\(row)\n")
    let place = lab.directory / "tree/\(name)"
    try lab.files.removeTree(place)
    var recipe = try lab.define(name, text, files: scene.files.mapValues { $0 + row })
    for directory in scene.directories { try lab.files.createDirectory(place / FilePath(directory)) }
    for (link, target) in scene.links { try lab.files.createLink(place / FilePath(link), to: FilePath(target)) }
    for (path, mode) in scene.modes { try lab.files.setMode(mode, of: place / FilePath(path)) }
    for path in scene.files.keys {
      try lab.files.setModified(scene.modified * 1_000_000_000, of: place / FilePath(path))
    }
    recipe.buildArguments = scene.arguments
    recipe.target = scene.target
    recipe.dockerfile = DockerfileReader.read(
      Array(text.utf8), file: place / "Dockerfile", buildArguments: scene.arguments, target: scene.target,
      platform: RealEngine.host)
    return recipe
  }

}

extension String {
  fileprivate func replacing(_ mark: String, with text: String) -> String {
    var result = ""
    var rest = self[...]
    while !rest.isEmpty {
      if rest.hasPrefix(mark) {
        result += text
        rest = rest.dropFirst(mark.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }
}

/// Files of a directory over HTTP, served by busybox as long as this lives.
final class FileServer: Sendable {
  let address: String
  private let directory: FilePath
  private let task: Task<Void, Never>

  private init(address: String, directory: FilePath, task: Task<Void, Never>) {
    (self.address, self.directory, self.task) = (address, directory, task)
  }

  deinit { task.cancel() }

  /// Nil where there is no busybox.
  static func start(in place: TemporaryDirectory) async throws -> FileServer? {
    guard let busybox = Installed.path("busybox") else { return nil }
    let directory = place / "served"
    try PosixFileSystem().createDirectory(directory)
    // Another process may have the port: then it ends at once.
    for _ in 0..<20 {
      let port = Int.random(in: 20_000..<32_000)
      let words = [busybox, "httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", directory.description]
      let hasEnded = Locked(false)
      let task = Task {
        _ = try? await PosixProcessRunner().run(ProcessCommand(words, environment: [:]))
        hasEnded.withLock { $0 = true }
      }
      try await Task.sleep(for: .milliseconds(200))
      if !hasEnded.withLock({ $0 }) {
        return FileServer(address: "http://127.0.0.1:\(port)", directory: directory, task: task)
      }
    }
    return nil
  }

  /// A file that stays keeps its time, which engines put into images.
  func offer(_ name: String, _ text: String) throws {
    let bytes = try PosixFileSystem().contentsIfPresent(of: directory / FilePath(name), limit: 1 << 20)
    if bytes == Array(text.utf8) { return }
    try PosixFileSystem().replace(directory / FilePath(name), with: Array(text.utf8), mode: 0o644)
  }
}
